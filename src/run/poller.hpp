// SPDX-License-Identifier: MIT
#pragma once

#include "output/standard_output.hpp"
#include "timestamp.hpp"

#include <poll.h>
#include <optional>
#include <vector>

namespace mqtt_tools::run {

/// What a run waits with: for any of several descriptors, or until a time.
class Poller {
 public:
  /// Also wait for `events` on `fd`; a negative fd is left out.
  void add(int fd, short events);

  /// Also wait until more of `out` can be written, or its reader goes away.
  void add(const output::StandardOutput& out);

  /// Also wait no longer than until `time`.
  void until(std::optional<Clock::time_point> time);

  /// Waits, and forgets what it waited for.
  void wait();

  /// Whether `fd` had any of `events` (or POLLERR, POLLHUP, POLLNVAL) in the last wait().
  bool had(int fd, short events) const;

 private:
  std::vector<pollfd> fds_{};
  std::vector<pollfd> last_{};
  std::optional<Clock::time_point> until_{};
};

}  // namespace mqtt_tools::run
