// SPDX-License-Identifier: MIT

#include "connection/retries.hpp"

#include <algorithm>
#include <random>

namespace mqtt_tools::connection {

using std::chrono::milliseconds;

namespace {

/// `pause`, cut so that the last attempt is made when `patience` ends; nothing when it has.
std::optional<Duration> within(std::optional<Duration> patience, Duration pause,
                               Clock::time_point since, Clock::time_point now) {
  if (!patience) return pause;
  if (now + pause - since >= *patience && now - since + milliseconds{50} >= *patience) return {};
  return std::min<Duration>(pause, *patience - (now - since));
}

/// In [0, 1). Most runs never ask, so nothing is set up for it.
double chance() {
  std::random_device device;
  return std::uniform_real_distribution<double>(0, 1)(device);
}

}  // namespace

std::optional<Duration> Retries::before_first(Clock::time_point since, Clock::time_point now) {
  return within(options_.wait, std::min<Duration>(milliseconds{200}, options_.reconnect_max), since,
                now);
}

std::optional<Duration> Retries::before_next(Clock::time_point since, Clock::time_point now) {
  return within(options_.reconnect_for, backoff_.next(chance()), since, now);
}

Duration Retries::after_loss() {
  // "At once" leaves Paho's receive thread time to be done with the old socket: a new one with
  // the same number would be taken for it.
  return std::max<Duration>(backoff_.next(chance()), milliseconds{15});
}

}  // namespace mqtt_tools::connection
