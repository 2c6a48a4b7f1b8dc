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
    while (early_.size() > most_with_progress) early_.pop_front();
  }

  /// Three losses in a row, each within 5 s of CONNACK and without progress.
  bool hopeless() const { return in_a_row_ >= 3; }

  /// Losses soon after CONNACK, as when two clients share an id: three within 10 s; or fifteen
  /// within a minute when messages got through between them, which a bad network does too.
  bool rivalry() const {
    if (in_a_row_ >= 3 && early_.back() - early_[early_.size() - 3] < std::chrono::seconds{10}) {
      return true;
    }
    return early_.size() == most_with_progress &&
           early_.back() - early_.front() < std::chrono::minutes{1};
  }

 private:
  static constexpr std::size_t most_with_progress = 15;

  int in_a_row_ = 0;
  std::deque<Clock::time_point> early_{};
};

}  // namespace mqtt_tools::connection
