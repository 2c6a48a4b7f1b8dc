// SPDX-License-Identifier: MIT
#include "support/patience.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace mqtt_tools::support {
namespace {

/// How many want each processor, as the system saw it in the last minute.
double crowd() {
  double load = 0;
  if (::getloadavg(&load, 1) != 1) return 1;
  return std::clamp(load / std::max(1U, std::thread::hardware_concurrency()), 1.0, 3.0);
}

}  // namespace

bool fast_io() {
  const char* const wish = std::getenv("MQTT_TOOLS_FAST_IO");
  return MQTT_TOOLS_FAST_IO && (wish == nullptr || std::strcmp(wish, "0") != 0);
}

milliseconds within(milliseconds promised) {
  if (!fast_io()) promised += 1'500ms;
  const double stretched = static_cast<double>((slowness * promised).count()) * crowd();
  return milliseconds{static_cast<milliseconds::rep>(stretched)};
}

bool eventually(milliseconds limit, const std::function<bool()>& predicate) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

}  // namespace mqtt_tools::support
