// SPDX-License-Identifier: MIT
#include "support/patience.hpp"

#include <thread>

namespace mqtt_tools::support {

bool eventually(milliseconds limit, const std::function<bool()>& predicate) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

}  // namespace mqtt_tools::support
