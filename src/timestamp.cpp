// SPDX-License-Identifier: MIT
#include "timestamp.hpp"

#include "error.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace mqtt_tools {

namespace {

using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds day{86400};

/// Appends `value` in so many digits, and what stands behind it.
void append_number(std::string& out, std::int64_t value, int digits, char then) {
  char text[20];
  for (int i = digits - 1; i >= 0; --i) {
    text[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(text, static_cast<std::size_t>(digits)) += then;
}

/// Whether `text` is like `shape`, in which 0 is any digit, + a sign, and T what parts the date
/// from the time: RFC 3339 allows a blank, for people.
bool has_shape(std::string_view text, std::string_view shape) {
  return std::ranges::equal(text, shape, [](char c, char wanted) {
    if (wanted == '0') return is_digit(c);
    return c == wanted || (wanted == '+' && c == '-') || (wanted == 'T' && (c == 't' || c == ' '));
  });
}

/// The number that `digits` are, at most 18.
std::int64_t number(std::string_view digits) { return *to_number<std::int64_t>(digits); }

/// "18:15" since midnight; nothing if no clock shows it.
std::optional<std::chrono::minutes> read_clock(std::string_view text) {
  const std::chrono::hours hours{number(text.substr(0, 2))};
  const std::chrono::minutes minutes{number(text.substr(3, 2))};
  if (hours.count() > 23 || minutes.count() > 59) return std::nullopt;
  return hours + minutes;
}

/// Whether a time with this whole second can be told by the clock, which counts nanoseconds.
bool fits(std::chrono::sys_seconds time) {
  const seconds margin{1};
  return time > floor<seconds>(Timestamp::min()) + margin &&
         time < floor<seconds>(Timestamp::max()) - margin;
}

constexpr std::size_t longest_format = 200;

/// The name that `text` is in whatever case and with whatever between its parts: `iso`, `unix`,
/// `unix-ms`; empty for a format of strftime.
std::string_view name_of_format(std::string_view text) {
  std::string plain = lower_case(text);
  std::erase_if(plain, [](char c) { return c == '-' || c == '_' || c == ' '; });
  using Names = std::pair<std::string_view, std::string_view>;
  constexpr Names names[] = {{"iso", "iso"},         {"iso8601", "iso"}, {"rfc3339", "iso"},
                             {"unix", "unix"},       {"epoch", "unix"},  {"unixms", "unix-ms"},
                             {"epochms", "unix-ms"}, {"ms", "unix-ms"}};
  for (const auto& [known, name] : names) {
    if (plain == known) return name;
  }
  return {};
}

/// One conversion of strftime(3): flags, a width, E or O, a letter.
struct Conversion {
  std::size_t length = 0;  ///< With its percent sign.
  char letter = '\0';      ///< NUL: strftime knows no such conversion.
};

/// The conversion at `format[at]`, a percent sign that something stands behind.
Conversion conversion_at(std::string_view format, std::size_t at) {
  std::size_t end = std::min(format.find_first_not_of("_-0^#", at + 1), format.size());
  end = std::min(format.find_first_not_of("0123456789", end), format.size());
  std::string_view letters = strftime_letters;
  if (end < format.size() && (format[end] == 'E' || format[end] == 'O')) {
    letters = format[end] == 'E' ? "cCxXyY" : "deHImMSuUVwWy";
    ++end;
  }
  if (end == format.size()) return {end - at, '\0'};
  const std::size_t length = end - at + code_point_at(format, end).length;
  const bool known = letters.find(format[end]) != std::string_view::npos;
  return {length, known ? format[end] : '\0'};
}

/// The format with the seconds since 1970 in it: strftime's `%s` takes any time for local time.
std::string with_seconds(std::string_view format, std::time_t second) {
  std::string out;
  std::size_t begin = 0;
  for (std::size_t at = format.find('%'); at != std::string_view::npos; at = format.find('%', at)) {
    const Conversion conversion = conversion_at(format, at);
    if (conversion.letter == 's') {
      out += format.substr(begin, at - begin);
      out += std::to_string(second);
      begin = at + conversion.length;
    }
    at += conversion.length;
  }
  return out.append(format.substr(begin));
}

void check_format(std::string_view format) {
  const std::string the = "the time format \"" + escaped(format.substr(0, longest_format)) + "\" ";
  if (format.empty())
    throw UsageError("the time format is empty; without the option the time is local time");
  if (format.size() > longest_format) {
    throw UsageError(the + "is too long; at most 200 bytes are possible");
  }
  if (first_invalid_utf8(format)) throw UsageError(the + "is not UTF-8");
  const std::string known = "iso (or rfc3339), unix, unix-ms and % with one of " +
                            std::string(strftime_letters) + ", as in %H:%M:%S";
  bool converts = false;
  for (std::size_t at = format.find('%'); at != std::string_view::npos; at = format.find('%', at)) {
    if (at + 1 == format.size()) throw UsageError(the + "ends in %; write %% for a percent sign");
    const Conversion conversion = conversion_at(format, at);
    if (conversion.letter == '\0') {
      throw UsageError(the + "has the unknown conversion " +
                       escaped(format.substr(at, conversion.length)) + "; known are " + known);
    }
    converts = true;
    at += conversion.length;
  }
  if (!converts) throw UsageError(the + "contains no time; known are " + known);
}

}  // namespace

std::string to_rfc3339(Timestamp time, int digits) {
  const auto date = floor<std::chrono::days>(time);
  const std::chrono::year_month_day calendar{date};
  const std::chrono::hh_mm_ss clock{time - date};

  std::string out;
  out.reserve(32);
  append_number(out, int{calendar.year()}, 4, '-');
  append_number(out, unsigned{calendar.month()}, 2, '-');
  append_number(out, unsigned{calendar.day()}, 2, 'T');
  append_number(out, clock.hours().count(), 2, ':');
  append_number(out, clock.minutes().count(), 2, ':');
  append_number(out, clock.seconds().count(), 2, digits > 0 ? '.' : 'Z');
  if (digits > 0) {
    std::int64_t fraction = nanoseconds{clock.subseconds()}.count();
    for (int i = digits; i < 9; ++i) fraction /= 10;
    append_number(out, fraction, digits, 'Z');
  }
  return out;
}

std::optional<Timestamp> from_rfc3339(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00";
  if (!has_shape(text.substr(0, shape.size()), shape)) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(number(text.substr(0, 4)))},
      std::chrono::month{static_cast<unsigned>(number(text.substr(5, 2)))},
      std::chrono::day{static_cast<unsigned>(number(text.substr(8, 2)))}};
  const auto clock = read_clock(text.substr(11, 5));
  const seconds second{number(text.substr(17, 2))};
  if (!date.ok() || !clock || second.count() > 60) return std::nullopt;

  std::string_view rest = text.substr(shape.size());
  nanoseconds fraction{0};
  if (rest.starts_with('.')) {
    const auto end = std::find_if_not(rest.begin() + 1, rest.end(), is_digit);
    std::string decimals{rest.begin() + 1, end};
    if (decimals.empty() || decimals.size() > 9) return std::nullopt;
    decimals.resize(9, '0');
    fraction = nanoseconds{number(decimals)};
    rest = {end, rest.end()};
  }
  std::optional<std::chrono::minutes> offset{0};
  if (!same_word(rest, "Z")) {
    offset = has_shape(rest, "+00:00") ? read_clock(rest.substr(1)) : std::nullopt;
    if (!offset) return std::nullopt;
    if (rest.front() == '-') *offset = -*offset;
  }

  const std::chrono::sys_seconds time = std::chrono::sys_days{date} + *clock + second - *offset;
  // A leap second is the last one of a day in UTC; it counts as the first of the next.
  if (second == seconds{60} && time.time_since_epoch() % day != seconds{0}) return std::nullopt;
  if (!fits(time)) return std::nullopt;
  return time + fraction;
}

TimeFormat::TimeFormat(std::string_view name, Zone zone) : name_(name), zone_(zone) {
  if (const auto known = name_of_format(name_); !known.empty()) {
    name_ = known;
    return;
  }
  check_format(name_);
  const std::string sample = format_text(0);
  if (sample.empty()) {
    throw UsageError("the time format \"" + escaped(name_) + "\" gives an empty string");
  }
  if (first_invalid_utf8(sample)) {
    throw UsageError("the time format \"" + escaped(name_) + "\" gives text that is not UTF-8");
  }
}

std::string TimeFormat::text(Timestamp time) const {
  if (name_ == "iso") return to_rfc3339(time, 3);
  const auto since_epoch = time.time_since_epoch();
  if (name_ == "unix") return std::to_string(floor<seconds>(since_epoch).count());
  if (name_ == "unix-ms") return std::to_string(floor<milliseconds>(since_epoch).count());

  const std::time_t second = floor<seconds>(since_epoch).count();
  if (last_second_ != second) {
    last_text_ = format_text(second);
    last_second_ = second;
  }
  return last_text_;
}

std::string TimeFormat::format_text(std::time_t second) const {
  std::tm time{};
  zone_ == Zone::utc ? gmtime_r(&second, &time) : localtime_r(&second, &time);
  std::string text;
  append_time(text, time, with_seconds(name_, second).c_str());
  return text;
}

std::optional<Timestamp> read_time(std::string_view text) {
  if (!std::ranges::all_of(text, is_digit)) return from_rfc3339(text);

  // Another number of digits is a number that someone counts with.
  if (text.size() != 10 && text.size() != 13) return std::nullopt;
  const milliseconds time = text.size() == 13 ? milliseconds{number(text)} : seconds{number(text)};
  // The clock counts nanoseconds, and comes to an end in 2262.
  if (time > floor<milliseconds>(Timestamp::max().time_since_epoch())) return std::nullopt;
  return Timestamp{time};
}

LocalTime local_time(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  LocalTime local;
  local.seconds = static_cast<std::time_t>(seconds.time_since_epoch().count());
  local.nanoseconds = static_cast<int>(std::chrono::nanoseconds{time - seconds}.count());
  localtime_r(&local.seconds, &local.fields);
  return local;
}

void append_time(std::string& out, const std::tm& time, const char* format) {
  // The longest conversion (%c) gives 24 letters for its two; names of zones may be longer.
  std::array<char, longest_format * 16 + 256> text;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  out.append(text.data(), std::strftime(text.data(), text.size(), format, &time));
#pragma GCC diagnostic pop
}

std::string seconds_text(Duration time) {
  return formatted("%.10g s", std::chrono::duration<double>{time}.count());
}

}  // namespace mqtt_tools
