// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

namespace mqtt_tools::connection {

/// The pauses between attempts to connect: none, then 1 s doubling to `longest`, each ±10 %.
class Backoff {
 public:
  explicit Backoff(Duration longest) : longest_(longest) {}

  /// The pause before the next attempt. `random` is in [0, 1).
  Duration next(double random);

  /// The connection is made: begin anew.
  void reset() { attempts_ = 0; }

 private:
  Duration longest_;
  int attempts_ = 0;
};

}  // namespace mqtt_tools::connection
