// SPDX-License-Identifier: MIT

// A filter and, on the next line, a topic. Matching is compared with a slow one that is plain to
// see.

#include "topic.hpp"

#include "error.hpp"
#include "fuzz.hpp"
#include "text.hpp"

#include <vector>

using namespace mqtt_tools;
using fuzz::must;

namespace {

template <typename Check>
bool passes(const Check& check, std::string_view text) {
  try {
    check(text);
    return true;
  } catch (const UsageError& error) {
    must(fuzz::harmless(error.what()));
    return false;
  }
}

std::vector<std::string_view> levels_of(std::string_view text) {
  std::vector<std::string_view> levels;
  for (;;) {
    const auto slash = text.find('/');
    levels.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return levels;
    text.remove_prefix(slash + 1);
  }
}

/// MQTT 5.0 §4.7.
bool matches_by_levels(std::string_view filter, std::string_view topic) {
  const auto wanted = levels_of(filter);
  const auto given = levels_of(topic);
  if (topic.front() == '$' && (wanted[0] == "+" || wanted[0] == "#")) return false;
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    if (wanted[at] == "#") return true;  // Its parent level, too (§4.7.1.2).
    if (at == given.size()) return false;
    if (wanted[at] != "+" && wanted[at] != given[at]) return false;
    if (at + 1 == given.size() && at + 2 == wanted.size() && wanted[at + 1] == "#") return true;
  }
  return wanted.size() == given.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{fuzz::text_of(data, size)};
  const auto filter = input.line();
  const auto topic = input.rest();
  const bool filter_passes = passes(check_filter, filter);
  const bool topic_passes = passes(check_topic, topic);
  if (topic_passes) {
    must(!first_unwelcome(topic) && !first_invalid_utf8(topic) && topic.size() <= 65'535);
    must(matches(topic, topic));
  }
  const auto bare = without_share(filter);
  // The filter within may be "$share", which by itself is none.
  if (filter_passes && !bare.starts_with("$share")) must(passes(check_filter, bare));
  if (filter_passes && topic_passes) {
    must(matches(bare, topic) == matches_by_levels(bare, topic));
  }
  return 0;
}
