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

/// The time that `text` stands for, if it is in one of the forms that an envelope commonly has
/// (the default form read as local time, RFC 3339, Unix seconds or milliseconds).
std::optional<Timestamp> read_time(std::string_view text);

}  // namespace mqtt_tools
