// SPDX-License-Identifier: MIT
#include "topic.hpp"

#include "error.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools {

namespace {

constexpr std::size_t longest = 65535;
constexpr std::size_t longest_shown = 120;
constexpr std::string_view share = "$share/";

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
  for (const auto level : split(filter, "/")) {
    if (level.size() > 1 && level.find_first_of("+#") != std::string_view::npos) {
      throw UsageError("the filter " + quoted(whole) + " has a wildcard beside other characters; " +
                       "+ and # stand alone between slashes, as in a/+/b or a/#");
    }
    if (level == "#" && level.end() != filter.end()) {
      throw UsageError("the filter " + quoted(whole) +
                       " goes on after #, which must be the last level; + stands for one level");
    }
  }
}

/// A wildcard in the first level matches nothing that begins with `$` (MQTT 5.0 §4.7.2).
bool hides(std::string_view filter, std::string_view topic) {
  return topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'));
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
  if (filter != "$share" && !filter.starts_with(share)) return check_levels(filter, filter);

  const std::string_view rest = filter.substr(std::min(share.size(), filter.size()));
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

/// A topic is a filter that matches itself only.
bool matches(std::string_view filter, std::string_view topic) { return overlap(filter, topic); }

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
  if (!filter.starts_with(share)) return filter;
  const auto slash = filter.find('/', share.size());
  return slash == std::string_view::npos ? filter : filter.substr(slash + 1);
}

}  // namespace mqtt_tools
