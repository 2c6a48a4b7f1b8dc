// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <algorithm>
#include <optional>

namespace mqtt_tools::feed {

/// Between two messages where so many of them go each second, more than 0; a year at most, which is
/// far from overflow.
inline Duration gap_at(double messages_a_second) {
  using Seconds = std::chrono::duration<double>;
  constexpr Seconds longest = std::chrono::hours{24 * 365};
  return std::chrono::duration_cast<Duration>(std::min(Seconds{1 / messages_a_second}, longest));
}

/// When the next of a row of messages may go: the first at once, number k at the first one's time
/// plus k gaps, however long each took. What a stall has missed is not made up for, but for one
/// message or those of the last 10 ms.
class Pace {
 public:
  explicit Pace(Duration gap) : gap_(gap) {}

  /// A message went.
  void took(Clock::time_point now) {
    // A gap shorter than this is below what timers keep: the messages of one such time may go
    // together.
    constexpr Duration grain = std::chrono::milliseconds{10};
    const auto planned = next_.value_or(now) + gap_;
    next_ = std::max(planned, gap_ < grain ? now - grain : now);
  }

  /// When the next may go; nothing: at once.
  std::optional<Clock::time_point> due() const { return next_; }

 private:
  Duration gap_;
  std::optional<Clock::time_point> next_{};
};

}  // namespace mqtt_tools::feed
