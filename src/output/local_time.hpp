// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <ctime>
#include <string>

namespace mqtt_tools::output {

/// A point in time as a clock on the wall shows it here.
struct LocalTime {
  std::tm fields{};
  std::time_t seconds = 0;  ///< Since 1970.
  int nanoseconds = 0;
};

LocalTime local_time(Timestamp time);

/// Appends what strftime gives for `format`, at most 100 bytes.
void append_time(std::string& out, const LocalTime& time, const char* format);

}  // namespace mqtt_tools::output
