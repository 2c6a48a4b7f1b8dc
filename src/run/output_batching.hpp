// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace mqtt_tools::run {

/// When messages come faster than a wake-up for each is worth, the app waits a little between two
/// looks, and prints several at one go. A message that comes alone is never held back.
class OutputBatching {
 public:
  static constexpr Duration length = std::chrono::microseconds{400};
  static constexpr std::size_t busy = 3;    ///< Messages within `length` ...
  static constexpr std::size_t enough = 8;  ///< ... this often are worth it.

  /// A turn that ends `now` has taken so many messages.
  void count_turn(std::size_t messages, Clock::time_point now) {
    counted_ += messages;
    const auto span = now - counted_from_;
    if (span >= length) {
      // As a rate, because a span can be longer: the machine is busy, or nothing came for a day.
      if (span / length <= static_cast<Duration::rep>(counted_ / busy)) {
        busy_spans_ = std::min(busy_spans_ + 1, enough);
      } else {
        busy_spans_ -= span < pause ? std::min<std::size_t>(busy_spans_, 2) : busy_spans_;
      }
      counted_ = 0;
      counted_from_ = now;
    }
    // Busy times have gaps: they begin with `enough` busy spans in a row and end with the half of
    // it.
    if (busy_spans_ == enough || (until_ && busy_spans_ > enough / 2)) {
      until_ = now + length;
    } else {
      until_.reset();
    }
  }

  /// Until when new messages wait; empty when they are not that many.
  std::optional<Clock::time_point> until() const { return until_; }

 private:
  /// A silence after which nothing is held back.
  static constexpr Duration pause = 10 * length;

  std::optional<Clock::time_point> until_{};
  Clock::time_point counted_from_{};
  std::size_t counted_ = 0;     ///< Messages since then.
  std::size_t busy_spans_ = 0;  ///< Up to `enough`; a span that was not busy takes two away.
};

}  // namespace mqtt_tools::run
