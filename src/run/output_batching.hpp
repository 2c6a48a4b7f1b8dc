// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

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
  void turn(std::size_t messages, Clock::time_point now);

  /// Until when new messages wait; empty when they are not that many.
  std::optional<Clock::time_point> until() const { return until_; }

 private:
  std::optional<Clock::time_point> until_{};
  Clock::time_point counted_from_{};
  std::size_t counted_ = 0;     ///< Messages since then.
  std::size_t busy_spans_ = 0;  ///< Up to `enough`; a span that was not busy takes two away.
};

}  // namespace mqtt_tools::run
