// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <cstdint>

namespace mqtt_tools::connection::hooks {

/// Input that comes in many small drops. To wake up for each of them costs more than to read it, so
/// the receiving thread lets some gather first: what comes alone, or after a pause, is never held
/// back. Nor is anything as long as we write, too: somebody may wait for our acknowledgements, or
/// we for theirs.
class ReadCoalescing {
 public:
  static constexpr Duration gathering = std::chrono::microseconds{100};
  static constexpr unsigned drops = 8;                            ///< So many of them ...
  static constexpr Duration span = std::chrono::milliseconds{2};  ///< ... in this time are many.

  /// Asked before each wait for input. Whether to look only after the time of `gathering`;
  /// `written` is the number of writes so far.
  bool falls(Clock::time_point now, std::uint64_t written);

 private:
  bool falls_ = false;
  unsigned counted_ = 0;  ///< Waits since `since_`.
  Clock::time_point since_{};
  Clock::time_point last_{};
  std::uint64_t written_ = 0;  ///< At `since_`.
};

}  // namespace mqtt_tools::connection::hooks
