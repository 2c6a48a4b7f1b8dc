// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <deque>

namespace mqtt_tools::connection {

/// Remembers recent losses of the connection, to tell bad luck from a fight that nobody wins: a
/// message that makes the broker drop us each time, or another client with the same id.
class Losses {
 public:
  /// A connection made at `since` was lost at `now`; `progress`: something was acknowledged or
  /// received meanwhile.
  void add(Clock::time_point since, Clock::time_point now, bool progress) {
    const bool early = now - since < std::chrono::seconds{5};
    in_a_row_ = early && !progress ? in_a_row_ + 1 : 0;
    if (!early) early_.clear();
    if (early) early_.push_back(now);
    while (early_.size() > 3) early_.pop_front();
  }

  /// Three losses in a row, each within 5 s of CONNACK and without progress.
  bool hopeless() const { return in_a_row_ >= 3; }

  /// Three losses within 10 s, each within 5 s of CONNACK: as when two clients share an id.
  bool rivalry() const {
    return early_.size() == 3 && early_.back() - early_.front() < std::chrono::seconds{10};
  }

 private:
  int in_a_row_ = 0;
  std::deque<Clock::time_point> early_{};
};

}  // namespace mqtt_tools::connection
