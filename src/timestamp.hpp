// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools {

/// A point in calendar time, for people and records.
using Timestamp = std::chrono::system_clock::time_point;

/// The clock of waits and deadlines; it never jumps.
using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;

/// There is such a deadline, and `now` it is over.
inline bool is_over(const std::optional<Clock::time_point>& deadline, Clock::time_point now) {
  return deadline && now >= *deadline;
}

/// RFC 3339 in UTC with `digits` (0 to 9) decimals of the second: "2026-11-23T18:15:00.123456Z".
std::string to_rfc3339(Timestamp time, int digits);

/// Reads RFC 3339 with any offset and up to nine decimals; nothing if `text` is not that.
std::optional<Timestamp> from_rfc3339(std::string_view text);

/// "5 s", "0.25 s"
std::string seconds_text(Duration time);

enum class Zone { local, utc };

/// How the time in an envelope is written: `iso` (RFC 3339, UTC, milliseconds), `unix`, `unix-ms`,
/// or a strftime format. Names may be in any case; `iso8601` and `rfc3339` are `iso`, `epoch` is
/// `unix`, `epoch-ms` and `ms` are `unix-ms`. It remembers the last second's text: not for two
/// threads at once.
class TimeFormat {
 public:
  /// The default of the wire format: "2026-11-23 18-15-03", local time.
  TimeFormat() : TimeFormat("%Y-%m-%d %H-%M-%S", Zone::local) {}

  /// Throws UsageError for an unknown conversion and for a format without any.
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

/// The letters that strftime of glibc knows after `%`.
constexpr std::string_view strftime_letters = "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%";

/// A point in time as a clock on the wall shows it here.
struct LocalTime {
  std::tm fields{};
  std::time_t seconds = 0;  ///< Since 1970.
  int nanoseconds = 0;

  /// So many digits of the fraction of the second, at most nine.
  std::string decimals(std::size_t digits) const {
    return std::to_string(1'000'000'000 + nanoseconds).substr(1, digits);
  }
};

LocalTime local_time(Timestamp time);

/// Appends what strftime gives for `format`.
void append_time(std::string& out, const std::tm& time, const char* format);

}  // namespace mqtt_tools
