// SPDX-License-Identifier: MIT
#include "timestamp.hpp"

#include <algorithm>
#include <cstdint>

namespace mqtt_tools {

namespace {

using std::chrono::floor;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds day{86400};

void append_number(std::string& out, std::int64_t value, int digits) {
  char text[20];
  for (int i = digits - 1; i >= 0; --i) {
    text[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(text, static_cast<std::size_t>(digits));
}

/// Takes text apart from its front; once something does not fit, it stays wrong.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// Exactly `digits` digits, from `low` to `high`.
  int number(std::size_t digits, int low, int high) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = 10 * value + digit();
    ok_ = ok_ && value >= low && value <= high;
    return value;
  }

  /// One of `letters`, which is also what it gives.
  char one_of(std::string_view letters) {
    const char c = rest_.empty() ? '\0' : rest_.front();
    ok_ = ok_ && c != '\0' && letters.find(c) != std::string_view::npos;
    if (ok_) rest_.remove_prefix(1);
    return c;
  }

  /// What follows a point, if one is there: one to nine decimals of the second.
  nanoseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') return nanoseconds{0};
    rest_.remove_prefix(1);
    std::int64_t value = digit();
    int digits = 1;
    for (; digits < 9 && !rest_.empty() && is_digit(rest_.front()); ++digits) {
      value = 10 * value + digit();
    }
    for (; digits < 9; ++digits) value *= 10;
    return nanoseconds{value};
  }

  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  int digit() {
    ok_ = ok_ && !rest_.empty() && is_digit(rest_.front());
    if (!ok_) return 0;
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// Whether a time with this whole second can be told by the clock, which counts nanoseconds.
bool fits(std::chrono::sys_seconds time) {
  const seconds margin{1};
  return time > floor<seconds>(Timestamp::min()) + margin &&
         time < floor<seconds>(Timestamp::max()) - margin;
}

}  // namespace

std::string to_rfc3339(Timestamp time, int digits) {
  const auto date = floor<std::chrono::days>(time);
  const std::chrono::year_month_day calendar{date};
  const std::chrono::hh_mm_ss clock{time - date};

  std::string out;
  out.reserve(32);
  append_number(out, int{calendar.year()}, 4);
  out += '-';
  append_number(out, unsigned{calendar.month()}, 2);
  out += '-';
  append_number(out, unsigned{calendar.day()}, 2);
  out += 'T';
  append_number(out, clock.hours().count(), 2);
  out += ':';
  append_number(out, clock.minutes().count(), 2);
  out += ':';
  append_number(out, clock.seconds().count(), 2);
  digits = std::clamp(digits, 0, 9);
  if (digits > 0) {
    std::int64_t fraction = nanoseconds{clock.subseconds()}.count();
    for (int i = digits; i < 9; ++i) fraction /= 10;
    out += '.';
    append_number(out, fraction, digits);
  }
  out += 'Z';
  return out;
}

std::optional<Timestamp> from_rfc3339(std::string_view text) {
  Reader reader{text};
  const std::chrono::year year{reader.number(4, 1, 9999)};
  reader.one_of("-");
  const std::chrono::month month{static_cast<unsigned>(reader.number(2, 1, 12))};
  reader.one_of("-");
  const std::chrono::year_month_day date{
      year, month, std::chrono::day{static_cast<unsigned>(reader.number(2, 1, 31))}};
  reader.one_of("Tt ");  // RFC 3339 allows a blank, for people.
  const std::chrono::hours hour{reader.number(2, 0, 23)};
  reader.one_of(":");
  const std::chrono::minutes minute{reader.number(2, 0, 59)};
  reader.one_of(":");
  const seconds second{reader.number(2, 0, 60)};
  const nanoseconds fraction = reader.fraction();
  seconds offset{0};
  const char sign = reader.one_of("Zz+-");
  if (sign == '+' || sign == '-') {
    offset = std::chrono::hours{reader.number(2, 0, 23)};
    reader.one_of(":");
    offset += std::chrono::minutes{reader.number(2, 0, 59)};
  }
  if (!reader.at_end() || !date.ok()) return std::nullopt;

  const std::chrono::sys_seconds time =
      std::chrono::sys_days{date} + hour + minute + second - (sign == '-' ? -offset : offset);
  // A leap second is the last one of a day in UTC; it counts as the first of the next.
  if (second == seconds{60} && time.time_since_epoch() % day != seconds{0}) return std::nullopt;
  if (!fits(time)) return std::nullopt;
  return time + fraction;
}

}  // namespace mqtt_tools
