// SPDX-License-Identifier: MIT
#include "run/cpu_affinity.hpp"

#include "connection/hooks/hooks.hpp"

#include <sched.h>
#include <sys/types.h>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace mqtt_tools::run {

namespace {

constexpr unsigned turns_counted = 256;
constexpr auto time_of_a_burst = std::chrono::seconds{1};  ///< For turns_counted; else a trickle.
constexpr auto pause = std::chrono::milliseconds{20};      ///< Between two turns: it was idle.
constexpr unsigned counts_in_one_place = 16;

bool together = false;
cpu_set_t allowed{};  ///< Where the process might run at first; valid once begin() was called.

void set_affinity(pid_t thread, const cpu_set_t& processors) {
  ::sched_setaffinity(thread, sizeof processors, &processors);
}

cpu_set_t only(int processor) {
  cpu_set_t processors{};
  CPU_SET(static_cast<std::size_t>(processor), &processors);
  return processors;
}

/// Every thread of the process. Without /proc only this one: the others stay where they are, which
/// is slower, but no harm.
void set_affinity_of_all(const cpu_set_t& processors) {
  set_affinity(0, processors);
  std::error_code failed;  // The folder may fail later than when it is opened.
  std::filesystem::directory_iterator thread{"/proc/self/task", failed};
  for (; thread != std::filesystem::directory_iterator{}; thread.increment(failed)) {
    set_affinity(std::atoi(thread->path().filename().c_str()), processors);
  }
}

}  // namespace

void CpuAffinity::begin(Clock::time_point now) {
  if (!connection::hooks::short_waits_wanted()) return;
  // A machine with more than 1,024 processors says no, and keeps its threads as they are.
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  possible_ = true;
  start_counting(now);
  last_ = now;
  const int processor = ::sched_getcpu();
  if (processor < 0) return;
  set_affinity(0, only(processor));
  together = true;
}

void CpuAffinity::count_turn(Clock::time_point now) {
  if (!possible_) return;
  const bool paused = now - last_ > pause;
  last_ = now;
  if (paused) {
    unpin();
    start_counting(now);
    return;
  }
  if (moving_) pin_together();
  if (++turns_ < turns_counted) return;
  decide(now - since_ <= time_of_a_burst);
  start_counting(now);
}

void CpuAffinity::start_counting(Clock::time_point now) {
  turns_ = 0;
  since_ = now;
}

void CpuAffinity::decide(bool burst) {
  if (!burst) {
    unpin();
  } else if (!together) {
    pin_together();
  } else if (++counts_ == counts_in_one_place) {
    set_affinity(0, allowed);
    moving_ = true;
  }
}

void CpuAffinity::pin_together() {
  moving_ = false;
  counts_ = 0;
  const int processor = ::sched_getcpu();
  if (processor < 0) return;
  set_affinity_of_all(only(processor));
  together = true;
}

void CpuAffinity::unpin() {
  if (!together) return;
  moving_ = false;
  together = false;
  set_affinity_of_all(allowed);
}

AnyProcessor::AnyProcessor() {
  if (!together) return;
  processor_ = ::sched_getcpu();
  set_affinity(0, allowed);
}

AnyProcessor::~AnyProcessor() {
  if (processor_ >= 0) set_affinity(0, only(processor_));
}

}  // namespace mqtt_tools::run
