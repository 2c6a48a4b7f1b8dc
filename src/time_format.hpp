// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools {

enum class Zone { local, utc };

/// How the time in an envelope is written: `iso` (RFC 3339, UTC, milliseconds), `unix`, `unix-ms`,
/// or a strftime format. It remembers the last second's text: not for two threads at once.
class TimeFormat {
 public:
  /// The default of the wire format: "2026-11-23 18-15-03", local time.
  TimeFormat() : TimeFormat("%Y-%m-%d %H-%M-%S", Zone::local) {}

  /// Throws UsageError for an unknown conversion and for a format that gives nothing.
  TimeFormat(std::string_view name, Zone zone);

  std::string text(Timestamp time) const;

 private:
  std::string format_text(std::time_t second) const;

  std::string name_;
  Zone zone_;
  mutable std::optional<std::time_t> last_second_{};
  mutable std::string last_text_{};
};

/// The point in time that `text` names, wherever it was written: RFC 3339, or Unix time of exactly
/// ten digits (seconds) or thirteen (milliseconds). Nothing for a time that does not say its zone,
/// such as TimeFormat's default form: a reader elsewhere would be hours off. Nothing beyond what a
/// Timestamp can count (1677 to 2262).
std::optional<Timestamp> read_time(std::string_view text);

}  // namespace mqtt_tools
