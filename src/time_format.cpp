// SPDX-License-Identifier: MIT
#include "time_format.hpp"

#include "error.hpp"
#include "escape.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <vector>

namespace mqtt_tools {

namespace {

using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What strftime knows on every system; not `%s`, which reads any time as local time.
constexpr std::string_view conversions = "aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
constexpr std::size_t longest_format = 200;

void check_format(std::string_view format) {
  const std::string the = "the time format \"" + escaped(format.substr(0, longest_format)) + "\" ";
  if (format.empty())
    throw UsageError("the time format is empty; without the option the time is local time");
  if (format.size() > longest_format) {
    throw UsageError(the + "is too long; at most 200 bytes are possible");
  }
  if (first_invalid_utf8(format)) throw UsageError(the + "is not UTF-8");
  for (std::size_t at = format.find('%'); at != std::string_view::npos;
       at = format.find('%', at + 2)) {
    if (at + 1 == format.size()) throw UsageError(the + "ends in %; write %% for a percent sign");
    if (conversions.find(format[at + 1]) == std::string_view::npos) {
      const std::size_t length = code_point_at(format, at + 1).length;
      throw UsageError(the + "has the unknown conversion " +
                       escaped(format.substr(at, 1 + length)) + "; known are iso, unix, unix-ms " +
                       "and % with one of " + std::string(conversions));
    }
  }
}

std::tm calendar(std::time_t second, Zone zone) {
  std::tm time{};
  if (zone == Zone::utc) {
    gmtime_r(&second, &time);
  } else {
    localtime_r(&second, &time);
  }
  return time;
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

TimeFormat::TimeFormat(std::string_view name, Zone zone) : name_(name), zone_(zone) {
  if (name_ == "iso" || name_ == "unix" || name_ == "unix-ms") return;
  check_format(name_);
  const std::string sample = format_text(0);
  if (sample.empty()) {
    throw UsageError("the time format \"" + escaped(name_) + "\" gives an empty text");
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
  const std::tm time = calendar(second, zone_);
  // The longest conversion (%c) gives 24 letters for its two; zone names may be longer.
  std::vector<char> text(name_.size() * 16 + 256);
  return {text.data(), std::strftime(text.data(), text.size(), name_.c_str(), &time)};
}

std::optional<Timestamp> read_time(std::string_view text) {
  if (!all_digits(text)) return from_rfc3339(text);

  // Another number of digits is a number that someone counts with.
  if (text.size() != 10 && text.size() != 13) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  const milliseconds time = text.size() == 13 ? milliseconds{value} : seconds{value};
  // The clock counts nanoseconds, and comes to an end in 2262.
  if (time > floor<milliseconds>(Timestamp::max().time_since_epoch())) return std::nullopt;
  return Timestamp{time};
}

}  // namespace mqtt_tools
