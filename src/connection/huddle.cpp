// SPDX-License-Identifier: MIT
#include "connection/huddle.hpp"

#include "connection/fast_io.hpp"

#include <dirent.h>
#include <sched.h>
#include <sys/types.h>
#include <cstdlib>

namespace mqtt_tools::connection {

namespace {

constexpr unsigned turns_in_one_place = 4096;

bool huddling = false;
cpu_set_t allowed{};  ///< Where the process might run at first; valid while huddling.

void stay(pid_t thread, int processor) {
  cpu_set_t place{};
  CPU_SET(static_cast<std::size_t>(processor), &place);
  ::sched_setaffinity(thread, sizeof place, &place);
}

void roam() { ::sched_setaffinity(0, sizeof allowed, &allowed); }

/// Every thread of the process, onto the processor of this one. Without /proc only this one: the
/// others stay where they are, which is slower, but no harm.
void gather() {
  const int processor = ::sched_getcpu();
  if (processor < 0) return;
  stay(0, processor);
  DIR* threads = ::opendir("/proc/self/task");
  if (threads == nullptr) return;
  while (const dirent* thread = ::readdir(threads)) {
    const int id = std::atoi(thread->d_name);  // "." and ".." give 0, which is this one
    stay(id, processor);
  }
  ::closedir(threads);
}

}  // namespace

void Huddle::begin() {
  if (!fast_io_wanted()) return;
  // A machine with more than 1,024 processors says no, and keeps its threads as they are.
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  const int processor = ::sched_getcpu();
  if (processor < 0) return;
  huddling = true;
  stay(0, processor);
}

void Huddle::turn() {
  if (!huddling) return;
  if (turns_ == turns_in_one_place) {
    roam();
  } else if (turns_ > turns_in_one_place) {
    gather();
    turns_ = 0;
  }
  ++turns_;
}

Roaming::Roaming() {
  if (!huddling) return;
  processor_ = ::sched_getcpu();
  roam();
}

Roaming::~Roaming() {
  if (processor_ >= 0) stay(0, processor_);
}

}  // namespace mqtt_tools::connection
