// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <deque>
#include <optional>
#include <string>

namespace mqtt_tools::connection {

/// Remembers recent losses of the connection, to tell bad luck from a fight that nobody wins: a
/// message that makes the broker drop us each time, or another client with the same id. The Keeper
/// owns it; it is used from the app's thread.
class Losses {
 public:
  /// A connection made at `since` was lost at `now`; `progress`: something was acknowledged or
  /// received meanwhile.
  void add(Clock::time_point since, Clock::time_point now, bool progress);

  /// Three losses in a row, each within 5 s of CONNACK and without progress.
  bool hopeless() const { return in_a_row_ >= 3; }

  /// Losses soon after CONNACK, as when two clients share an id: three within 10 s; or fifteen
  /// within a minute when messages got through between them, which a bad network does too.
  bool rivalry() const;

  /// Why there is no use in connecting again after the last one, which `text` tells; or nothing.
  std::optional<RunError> ending(const std::string& text, const Options& options) const;

 private:
  int in_a_row_ = 0;
  std::deque<Clock::time_point> early_{};
};

}  // namespace mqtt_tools::connection
