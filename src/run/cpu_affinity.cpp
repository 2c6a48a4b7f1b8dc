// SPDX-License-Identifier: MIT
#include "run/cpu_affinity.hpp"

#include "connection/hooks/hooks.hpp"

#include <sched.h>
#include <sys/types.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace mqtt_tools::run {

namespace {

constexpr unsigned turns_watched = 256;
constexpr auto time_of_a_burst = std::chrono::seconds{1};  ///< For turns_watched; else a trickle.
constexpr auto pause = std::chrono::milliseconds{20};      ///< Between two turns: it was idle.
constexpr unsigned watches_in_one_place = 16;

bool together = false;
cpu_set_t allowed{};  ///< Where the process might run at first; valid once begin() was called.

void place(pid_t thread, const cpu_set_t& processors) {
  ::sched_setaffinity(thread, sizeof processors, &processors);
}

cpu_set_t only(int processor) {
  cpu_set_t processors{};
  CPU_SET(static_cast<std::size_t>(processor), &processors);
  return processors;
}

/// Every thread of the process. Without /proc only this one: the others stay where they are, which
/// is slower, but no harm.
void place_all(const cpu_set_t& processors) {
  place(0, processors);
  std::error_code no_folder;
  for (const auto& thread : std::filesystem::directory_iterator{"/proc/self/task", no_folder}) {
    place(std::atoi(thread.path().filename().c_str()), processors);
  }
}

}  // namespace

void CpuAffinity::begin(Clock::time_point now) {
  if (!connection::hooks::short_waits_wanted()) return;
  // A machine with more than 1,024 processors says no, and keeps its threads as they are.
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  possible_ = true;
  watch(now);
  last_ = now;
  const int processor = ::sched_getcpu();
  if (processor < 0) return;
  place(0, only(processor));
  together = true;
}

void CpuAffinity::turn(Clock::time_point now) {
  if (!possible_) return;
  const bool paused = now - last_ > pause;
  last_ = now;
  if (paused) {
    part();
    watch(now);
    return;
  }
  if (moving_) gather();
  if (++turns_ < turns_watched) return;
  judge(now - since_ <= time_of_a_burst);
  watch(now);
}

void CpuAffinity::watch(Clock::time_point now) {
  turns_ = 0;
  since_ = now;
}

void CpuAffinity::judge(bool burst) {
  if (!burst) {
    part();
  } else if (!together) {
    gather();
  } else if (++watches_ == watches_in_one_place) {
    place(0, allowed);
    moving_ = true;
  }
}

void CpuAffinity::gather() {
  moving_ = false;
  watches_ = 0;
  const int processor = ::sched_getcpu();
  if (processor < 0) return;
  place_all(only(processor));
  together = true;
}

void CpuAffinity::part() {
  if (!together) return;
  moving_ = false;
  together = false;
  place_all(allowed);
}

Roaming::Roaming() {
  if (!together) return;
  processor_ = ::sched_getcpu();
  place(0, allowed);
}

Roaming::~Roaming() {
  if (processor_ >= 0) place(0, only(processor_));
}

}  // namespace mqtt_tools::run
