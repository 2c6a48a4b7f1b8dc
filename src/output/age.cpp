// SPDX-License-Identifier: MIT
#include "output/age.hpp"

#include <chrono>
#include <cstdint>

namespace mqtt_tools::output {

namespace {

using std::chrono::milliseconds;

/// `apart` in whole units, the half rounded up.
std::int64_t rounded(milliseconds apart, milliseconds unit) { return (apart + unit / 2) / unit; }

}  // namespace

std::string age(Timestamp then, Timestamp now) {
  using namespace std::chrono;
  // Not in nanoseconds, of which the distance between two hostile dates has more than can be
  // counted.
  const auto from = floor<milliseconds>(then);
  const auto to = floor<milliseconds>(now);
  const bool past = from <= to;
  const milliseconds apart = past ? to - from : from - to;
  if (apart <= seconds{2}) {
    return "";
  }
  std::string text;
  if (const auto count = rounded(apart, seconds{1}); count < 120) {
    text = std::to_string(count) + " s";
  } else if (const auto in_minutes = rounded(apart, minutes{1}); in_minutes < 120) {
    text = std::to_string(in_minutes) + " min";
  } else if (const auto in_hours = rounded(apart, hours{1}); in_hours < 48) {
    text = std::to_string(in_hours) + " h";
  } else {
    text = std::to_string(rounded(apart, days{1})) + " days";
  }
  return text + (past ? " ago" : " ahead");
}

}  // namespace mqtt_tools::output
