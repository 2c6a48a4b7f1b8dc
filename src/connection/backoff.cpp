// SPDX-License-Identifier: MIT
#include "connection/backoff.hpp"

#include <algorithm>
#include <chrono>

namespace mqtt_tools::connection {

namespace {

/// Even who asks for no pause at all must not keep a processor busy while the broker is away.
constexpr Duration shortest = std::chrono::milliseconds{10};

constexpr int most_doublings = 16;  // 18 hours, beyond any sensible limit.

}  // namespace

Duration Backoff::next(double random) {
  const auto attempt = attempts_++;
  if (attempt == 0) return Duration{};

  const auto doublings = std::min(attempt - 1, most_doublings);
  const Duration doubled = std::chrono::seconds{1 << doublings};
  const auto pause = std::min(doubled, std::max(longest_, shortest));
  return std::chrono::duration_cast<Duration>(pause * (0.9 + 0.2 * random));
}

}  // namespace mqtt_tools::connection
