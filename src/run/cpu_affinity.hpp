// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

namespace mqtt_tools::run {

/// Keeps the threads of this process together on one processor as long as there is much to do. Paho
/// hands each message from thread to thread under one lock, so that only one of them has something
/// to do at a time; on several processors each would wait for the next one to wake up, which takes
/// longer than the work.
///
/// Who has little to do would only wait for a processor that others have taken meanwhile: a pause
/// parts the threads, and so does a trickle.
///
/// MQTT_TOOLS_FAST_IO=0 in the environment switches it off, too. Processors that the process may
/// not use (taskset, cgroups) stay untouched. Who else wants the processor changes: now and then
/// the scheduler chooses again.
class CpuAffinity {
 public:
  /// The calling thread stays where it is from now on, and so do the threads that it starts: what
  /// connects and sends one message has much to do.
  void begin(Clock::time_point now);

  /// The calling thread, the one that waits for the others, takes a turn.
  void count_turn(Clock::time_point now);

 private:
  void start_counting(Clock::time_point now);  ///< From here on turns are counted.
  void decide(bool burst);                     ///< So many turns were counted.
  void pin_together();
  void unpin();

  bool possible_ = false;  ///< There is more than one processor, and it is wanted.
  bool moving_ = false;    ///< This thread may be moved; with the next turn the others follow.
  unsigned turns_ = 0;     ///< Since `since_`.
  unsigned counts_ = 0;    ///< In one place.
  Clock::time_point since_{};
  Clock::time_point last_{};
};

/// While it lives, the calling thread may run wherever the process was allowed to at first. For
/// starting children, which inherit the place.
class AnyProcessor {
 public:
  AnyProcessor();
  ~AnyProcessor();
  AnyProcessor(const AnyProcessor&) = delete;
  AnyProcessor& operator=(const AnyProcessor&) = delete;

 private:
  int processor_ = -1;  ///< To go back to, if any.
};

}  // namespace mqtt_tools::run
