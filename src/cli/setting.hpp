// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"
#include "text.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_tools::cli {

struct Option;

/// Where a setting comes from. The stronger source has the smaller value.
struct Origin {
  enum class Source { command_line, environment, profile, configuration };

  Source source = Source::command_line;
  std::string place{};  ///< The variable, or "path:line".
};

/// What one source says about one option.
struct Setting {
  const Option* option = nullptr;
  std::vector<std::string> values{};  ///< Of a flag: none; "false" from a file.
  Origin origin{};
  bool from_url = false;  ///< It was a part of a URL.
  bool content = false;   ///< Not the name of a file, but what stands in it.

  /// Its value, the last one of several.
  const std::string& value() const { return values.back(); }

  /// Of its option.
  std::string_view key() const;
  std::string_view decides() const;

  /// It is a flag of which a file says `false`.
  bool off() const;
};

/// What one source says about all options.
using SettingList = std::vector<Setting>;

/// What it says about the option with this key; null if nothing.
const Setting* find(const SettingList& list, std::string_view key);

/// The setting as its user would find it again: "--port", "MQTT_PORT", "/etc/x.toml:3: port".
std::string named(const Setting& setting);

/// Where it comes from: "command line", "environment MQTT_PORT", "profile /home/…/x.toml:3".
std::string source_of(const Origin& origin);

/// Throws UsageError for an empty text that stands for nothing: `--cafile ""` is a variable of a
/// script that was not set, never "not given".
void check_filled(const Setting& setting);

/// Throws the UsageError "<name> must be <needed>, not '<value>'"; a secret value is left out.
[[noreturn]] void reject(const Setting& setting, std::string_view value, std::string_view needed);

/// What `read` makes of `value`, a part of the setting; a UsageError is said with its name.
template <typename Read, typename Value>
auto with_name(const Setting& setting, const Read& read, const Value& value) {
  try {
    return read(value);
  } catch (const UsageError& error) {
    throw UsageError(named(setting) + ": " + error.what());
  }
}

// What the value of an option may be. Each of these throws a UsageError for anything else.

/// A whole number from `least` to `most`, digits only.
std::int64_t whole_number(const Setting& setting, std::int64_t least, std::int64_t most);

/// A finite number of at least 0 in decimal digits, a point allowed.
double number(const Setting& setting);

/// The same, but not 0.
double more_than_none(const Setting& setting);

/// A time: seconds, decimals allowed, or numbers with units, each at most once and the larger first
/// (d, h, m, s, ms, in whatever case): "2.5", "500ms", "1h30m".
Duration seconds(const Setting& setting);

/// The same, but not 0.
Duration more_than_no_seconds(const Setting& setting);

/// Such a time that is a whole number of seconds.
std::int64_t whole_seconds(const Setting& setting, std::int64_t least, std::int64_t most);

/// Bytes: a whole number, alone or with a unit (B, kB, MB, GB for powers of 1000; KiB, MiB, GiB for
/// powers of 1024), in whatever case.
std::int64_t size(const Setting& setting, std::int64_t least, std::int64_t most);

/// What can stand as a text in a CONNECT: at most `most` bytes of UTF-8 without control characters
/// and noncharacters (MQTT 5.0 §1.5.4). An empty text passes.
std::string connect_text(const Setting& setting, std::size_t most = 65'535);

/// Its value, which has to be a topic that may be published to. Throws UsageError, which names it.
std::string topic_text(const Setting& setting);

/// One of a few words, in whatever case.
template <typename T>
T choice(const Setting& setting, const std::vector<std::pair<std::string_view, T>>& choices) {
  std::string needed;
  for (const auto& [word, meaning] : choices) {
    if (same_word(setting.value(), word)) return meaning;
    needed += (needed.empty() ? "" : ", ") + std::string{word};
  }
  reject(setting, setting.value(), "one of " + needed);
}

}  // namespace mqtt_tools::cli
