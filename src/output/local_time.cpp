// SPDX-License-Identifier: MIT
#include "output/local_time.hpp"

#include <array>
#include <chrono>

namespace mqtt_tools::output {

LocalTime local_time(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  LocalTime local;
  local.seconds = static_cast<std::time_t>(seconds.time_since_epoch().count());
  local.nanoseconds = static_cast<int>(std::chrono::nanoseconds{time - seconds}.count());
  localtime_r(&local.seconds, &local.fields);
  return local;
}

void append_time(std::string& out, const LocalTime& time, const char* format) {
  std::array<char, 100> text;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const std::size_t size = std::strftime(text.data(), text.size(), format, &time.fields);
#pragma GCC diagnostic pop
  out.append(text.data(), size);
}

}  // namespace mqtt_tools::output
