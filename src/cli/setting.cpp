// SPDX-License-Identifier: MIT
#include "cli/setting.hpp"

#include "cli/declarations.hpp"
#include "topic.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

namespace mqtt_tools::cli {

namespace {

/// No one waits that long, and it fits the clock.
constexpr double most_seconds = 1e9;

/// The units of a time, in the order in which they may follow one another.
constexpr std::pair<std::string_view, double> time_units[] = {
    {"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}, {"ms", 0.001}};

/// Seconds of "2.5", "500ms", "1h30m"; nothing for any other text.
std::optional<double> read_seconds(std::string_view text) {
  double sum = 0;
  const auto* unit = std::begin(time_units);
  for (bool first = true; first || !text.empty(); first = false) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto value = to_number<double>(text.substr(0, digits));
    if (!value) return {};
    if (first && digits == text.size()) return value;
    text.remove_prefix(digits);
    const std::string_view word = text.substr(0, text.find_first_of("0123456789."));
    unit = std::find_if(unit, std::end(time_units),
                        [word](const auto& each) { return same_word(each.first, word); });
    if (unit == std::end(time_units)) return {};
    sum += *value * unit->second;
    ++unit;
    text.remove_prefix(word.size());
  }
  return sum;
}

template <typename Value>
Value positive(const Setting& setting, Value value) {
  if (value <= Value{}) reject(setting, setting.value(), "more than 0");
  return value;
}

double decimal(const Setting& setting, const std::string& limit) {
  const std::string& text = setting.value();
  const auto value = to_number<double>(text);
  if (!value || text.find_first_not_of("0123456789.") != std::string::npos) {
    reject(setting, text, "a decimal number of " + limit + ", such as 2.5");
  }
  return *value;
}

}  // namespace

std::string_view Setting::key() const { return option->key; }

std::string_view Setting::decides() const { return option->decides; }

bool Setting::off() const { return option->takes == Option::Takes::nothing && !values.empty(); }

const Setting* find(const SettingList& list, std::string_view key) {
  const auto found = std::ranges::find(list, key, &Setting::key);
  return found == list.end() ? nullptr : &*found;
}

std::string named(const Setting& setting) {
  const auto& [source, place] = setting.origin;
  if (source == Origin::Source::environment) return place;
  if (source == Origin::Source::command_line) {
    return setting.from_url ? "--url" : spelling(*setting.option);
  }
  return place + ": " + (setting.from_url ? "url" : std::string{setting.key()});
}

void check_filled(const Setting& setting) {
  const Option& option = *setting.option;
  const bool text = option.takes == Option::Takes::text || option.takes == Option::Takes::word;
  if (text && !option.empty && std::ranges::count(setting.values, "") > 0) {
    throw UsageError(named(setting) + " needs " + std::string{option.value} +
                     ", not an empty string");
  }
}

std::string source_of(const Origin& origin) {
  constexpr std::string_view names[] = {"command line", "environment", "profile", "config"};
  const std::string name{names[static_cast<std::size_t>(origin.source)]};
  return origin.source == Origin::Source::command_line ? name : name + " " + origin.place;
}

void reject(const Setting& setting, std::string_view value, std::string_view needed) {
  std::string text = named(setting) + " must be " + std::string{needed};
  if (setting.option->mask == nullptr) text += ", not " + in_quotes(value);
  throw UsageError(text);
}

std::int64_t whole_number(const Setting& setting, std::int64_t least, std::int64_t most) {
  const std::string& text = setting.value();
  const auto value = to_number<std::int64_t>(text);
  if (!value || *value < least || *value > most) {
    const bool large =
        text.size() > 18 && text.find_first_not_of("0123456789") == std::string::npos;
    const bool open = most == std::numeric_limits<std::int64_t>::max() && !large;
    reject(setting, text,
           open ? "a whole number of at least " + std::to_string(least)
                : "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return *value;
}

std::int64_t whole_seconds(const Setting& setting, std::int64_t least, std::int64_t most) {
  const double value = read_seconds(setting.value()).value_or(-1);
  if (value != std::floor(value) || value < static_cast<double>(least) ||
      value > static_cast<double>(most)) {
    reject(setting, setting.value(),
           "a whole number of seconds from " + std::to_string(least) + " to " +
               std::to_string(most) + ", such as 30 or 2m");
  }
  return static_cast<std::int64_t>(value);
}

double number(const Setting& setting) { return decimal(setting, "at least 0"); }

std::int64_t size(const Setting& setting, std::int64_t least, std::int64_t most) {
  static constexpr std::pair<std::string_view, std::int64_t> units[] = {
      {"", 1},          {"b", 1},         {"kb", 1'000},   {"mb", 1'000'000}, {"gb", 1'000'000'000},
      {"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}};
  const std::string& text = setting.value();
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = to_number<std::int64_t>(std::string_view{text}.substr(0, digits));
  const auto* const known = std::ranges::find_if(
      units, [&](const auto& each) { return same_word(each.first, text.substr(digits)); });
  if (!value || known == std::end(units) || *value > most / known->second ||
      *value * known->second < least) {
    reject(setting, text,
           "a size from " + std::to_string(least) + " to " + std::to_string(most) +
               " bytes, such as 64KiB or 10MB");
  }
  return *value * known->second;
}

std::string connect_text(const Setting& setting, std::size_t most) {
  const std::string& text = setting.value();
  if (text.size() > most || first_invalid_utf8(text) || first_unwelcome(text)) {
    reject(setting, text,
           "at most " + std::to_string(most) +
               " bytes of UTF-8 without control characters and noncharacters (brokers close the "
               "connection for them)");
  }
  return text;
}

double more_than_none(const Setting& setting) {
  return positive(setting, decimal(setting, "more than 0"));
}

Duration more_than_no_seconds(const Setting& setting) {
  return positive(setting, seconds(setting));
}

Duration seconds(const Setting& setting) {
  const std::optional<double> value = read_seconds(setting.value());
  if (!value) {
    reject(setting, setting.value(),
           "a time in seconds or with the units d, h, m, s and ms, such as 2.5, 500ms or 1h30m");
  }
  if (*value > most_seconds) reject(setting, setting.value(), "at most 1000000000 seconds");
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{*value});
}

std::string topic_text(const Setting& setting) {
  with_name(setting, check_topic, setting.value());
  return setting.value();
}

}  // namespace mqtt_tools::cli
