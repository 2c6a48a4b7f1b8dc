// SPDX-License-Identifier: MIT
#pragma once

namespace mqtt_tools::connection {

/// Keeps the threads of this process together on one processor. Paho hands each message from thread
/// to thread under one lock, so that only one of them has something to do at a time; on several
/// processors each would wait for the next one to wake up, which takes longer than the work.
///
/// MQTT_TOOLS_FAST_IO=0 in the environment switches it off, too. Processors that the process may
/// not use (taskset, cgroups) stay untouched. Who else wants the processor changes: now and then
/// the scheduler chooses again.
class Huddle {
 public:
  /// The calling thread stays where it is from now on, and so do the threads that it starts.
  void begin();

  /// The calling thread, the one that waits for the others, takes a turn. After some thousand it
  /// may be moved, and with the next turn the others follow.
  void turn();

 private:
  unsigned turns_ = 0;
};

/// While it lives, the calling thread may run wherever the process was allowed to at first. For
/// starting children, which inherit the place.
class Roaming {
 public:
  Roaming();
  ~Roaming();
  Roaming(const Roaming&) = delete;
  Roaming& operator=(const Roaming&) = delete;

 private:
  int processor_ = -1;  ///< To go back to, if any.
};

}  // namespace mqtt_tools::connection
