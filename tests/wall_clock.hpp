// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include <time.h>

/// Local time is that of `name` (as in the environment variable TZ) while this lives.
class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    if (const char* old = std::getenv("TZ")) {
      old_ = old;
    }
    setenv("TZ", name, 1);
    tzset();
  }
  ~TimeZone() {
    if (old_) {
      setenv("TZ", old_->c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  std::optional<std::string> old_{};
};

/// A point in time, counted from 1970.
inline mqtt_tools::Timestamp utc(std::int64_t seconds, std::int64_t nanoseconds = 0) {
  return mqtt_tools::Timestamp{std::chrono::seconds{seconds} +
                               std::chrono::nanoseconds{nanoseconds}};
}
