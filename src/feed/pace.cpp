// SPDX-License-Identifier: MIT
#include "feed/pace.hpp"

#include <algorithm>
#include <chrono>

namespace mqtt_tools::feed {
namespace {

// A gap shorter than this is below what timers keep: the messages of one such time may go together.
constexpr Duration grain = std::chrono::milliseconds{10};

}  // namespace

void Pace::took(Clock::time_point now) {
  const auto planned = next_.value_or(now) + gap_;
  next_ = std::max(planned, gap_ < grain ? now - grain : now);
}

}  // namespace mqtt_tools::feed
