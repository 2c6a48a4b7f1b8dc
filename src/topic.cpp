// SPDX-License-Identifier: MIT
#include "topic.hpp"

#include "error.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools {

namespace {

constexpr std::size_t longest = 65535;
constexpr std::size_t longest_shown = 120;

/// `text` in quotes, fit for a line of an error message.
std::string quoted(std::string_view text) {
  return '"' + escaped(shortened(text, longest_shown)) + '"';
}

void check_text(std::string_view what, std::string_view text) {
  const std::string the = "the " + std::string(what) + " ";
  if (text.empty()) throw UsageError(the + "is empty");
  if (text.size() > longest) {
    throw UsageError(the + quoted(text) + " has " + std::to_string(text.size()) +
                     " bytes; at most 65,535 are possible");
  }
  if (const auto at = first_invalid_utf8(text)) {
    throw UsageError(the + quoted(text) + " is not UTF-8 (byte " + std::to_string(*at + 1) + ")");
  }
  if (const auto at = first_unwelcome(text)) {
    throw UsageError(the + quoted(text) + " contains " +
                     (text[*at] == '\0' ? "NUL" : "a control character or noncharacter") +
                     " (byte " + std::to_string(*at + 1) + "); brokers close the connection then");
  }
}

/// Throws unless wildcards stand where they may; `whole` is what the user wrote.
void check_levels(std::string_view filter, std::string_view whole) {
  std::size_t begin = 0;
  while (begin <= filter.size()) {
    const std::size_t end = std::min(filter.find('/', begin), filter.size());
    const std::string_view level = filter.substr(begin, end - begin);
    if (level.size() > 1 && level.find_first_of("+#") != std::string_view::npos) {
      throw UsageError("the filter " + quoted(whole) + " has a wildcard beside other characters; " +
                       "+ and # stand alone between slashes, as in a/+/b or a/#");
    }
    if (level == "#" && end < filter.size()) {
      throw UsageError("the filter " + quoted(whole) +
                       " goes on after #, which must be the last level; + stands for one level");
    }
    begin = end + 1;
  }
}

/// A wildcard in the first level matches nothing that begins with `$` (MQTT 5.0 §4.7.2).
bool hides(std::string_view filter, std::string_view topic) {
  return !topic.empty() && topic.front() == '$' && !filter.empty() &&
         (filter.front() == '+' || filter.front() == '#');
}

}  // namespace

void check_topic(std::string_view topic) {
  check_text("topic", topic);
  const std::size_t wildcard = topic.find_first_of("+#");
  if (wildcard != std::string_view::npos) {
    throw UsageError("the topic " + quoted(topic) + " contains the wildcard " + topic[wildcard] +
                     "; messages are published to one topic, wildcards are for subscribing");
  }
}

void check_filter(std::string_view filter) {
  check_text("filter", filter);
  const std::string_view share = "$share";
  if (filter != share && filter.substr(0, share.size() + 1) != "$share/") {
    return check_levels(filter, filter);
  }

  const std::string_view rest = filter.substr(std::min(share.size() + 1, filter.size()));
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) {
    throw UsageError("the filter " + quoted(filter) +
                     " is not whole; a shared subscription is $share/GROUP/FILTER");
  }
  if (rest.substr(0, slash).find_first_of("+#") != std::string_view::npos) {
    throw UsageError("the filter " + quoted(filter) +
                     " has a wildcard in the group's name; in $share/GROUP/FILTER only FILTER may");
  }
  check_levels(rest.substr(slash + 1), filter);
}

bool matches(std::string_view filter, std::string_view topic) {
  if (hides(filter, topic)) return false;

  for (;;) {
    if (filter == "#") return true;
    const std::size_t filter_end = std::min(filter.find('/'), filter.size());
    const std::size_t topic_end = std::min(topic.find('/'), topic.size());
    const std::string_view level = filter.substr(0, filter_end);
    if (level != "+" && level != topic.substr(0, topic_end)) return false;

    filter.remove_prefix(filter_end);
    topic.remove_prefix(topic_end);
    if (topic.empty()) return filter.empty() || filter == "/#";  // "a/#" also matches "a".
    if (filter.empty()) return false;
    filter.remove_prefix(1);
    topic.remove_prefix(1);
  }
}

bool overlap(std::string_view one, std::string_view other) {
  if (hides(one, other) || hides(other, one)) return false;
  for (;;) {
    if (one == "#" || other == "#") return true;
    const auto one_level = one.substr(0, one.find('/'));
    const auto other_level = other.substr(0, other.find('/'));
    if (one_level != other_level && one_level != "+" && other_level != "+") return false;
    one.remove_prefix(one_level.size());
    other.remove_prefix(other_level.size());
    if (one.empty() || other.empty()) {  // "a/#" also matches "a".
      return (one.empty() || one == "/#") && (other.empty() || other == "/#");
    }
    one.remove_prefix(1);
    other.remove_prefix(1);
  }
}

bool is_shared(std::string_view filter) { return without_share(filter).size() < filter.size(); }

std::string_view without_share(std::string_view filter) {
  constexpr std::string_view prefix = "$share/";
  if (filter.substr(0, prefix.size()) != prefix) return filter;
  const auto slash = filter.find('/', prefix.size());
  return slash == std::string_view::npos ? filter : filter.substr(slash + 1);
}

}  // namespace mqtt_tools
