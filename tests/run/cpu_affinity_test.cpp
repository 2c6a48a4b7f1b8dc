// SPDX-License-Identifier: MIT

#include "run/cpu_affinity.hpp"

#include "catch.hpp"

#include <sched.h>
#include <unistd.h>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace mqtt_tools::run {
namespace {

cpu_set_t allowed(pid_t thread = 0) {
  cpu_set_t processors{};
  REQUIRE(::sched_getaffinity(thread, sizeof processors, &processors) == 0);
  return processors;
}

int number_allowed(pid_t thread = 0) {
  const auto processors = allowed(thread);
  return CPU_COUNT(&processors);
}

bool may_run_on(int processor, pid_t thread) {
  const auto processors = allowed(thread);
  return CPU_COUNT(&processors) == 1 && CPU_ISSET(static_cast<std::size_t>(processor), &processors);
}

/// A thread that waits, and its number for the kernel.
class Bystander {
 public:
  Bystander() {
    std::unique_lock lock{mutex_};
    news_.wait(lock, [this] { return id_ != 0; });
  }
  ~Bystander() {
    {
      const std::lock_guard lock{mutex_};
      over_ = true;
    }
    news_.notify_all();
    thread_.join();
  }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  pid_t id() const { return id_; }

 private:
  void wait() {
    std::unique_lock lock{mutex_};
    id_ = ::gettid();
    news_.notify_all();
    news_.wait(lock, [this] { return over_; });
  }

  std::mutex mutex_{};
  std::condition_variable news_{};
  pid_t id_ = 0;
  bool over_ = false;
  std::thread thread_{[this] { wait(); }};
};

/// Leaves the thread of the tests as it was. That all tests run without the socket layer is no
/// matter here.
class Restored {
 public:
  Restored() { ::unsetenv("MQTT_TOOLS_FAST_IO"); }
  ~Restored() { ::sched_setaffinity(0, sizeof before_, &before_); }

  int number() const { return CPU_COUNT(&before_); }

 private:
  cpu_set_t before_ = allowed();
};

using std::chrono::milliseconds;

/// What a run does with its cpu_affinity, at times that the test makes up.
class Run {
 public:
  Run() { cpu_affinity_.begin(now_); }
  ~Run() { wait(); }  // leaves every thread free
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Returns how many turns it took until the first thread may run anywhere, or -1.
  int turns_until_it_may_move(Clock::duration each) {
    for (int turns = 1; turns < 100'000; ++turns) {
      turn(each);
      if (number_allowed() > 1) return turns;
    }
    return -1;
  }

  void burst() {
    for (int turns = 0; turns < 1'000; ++turns) turn(milliseconds{1} / 2);
  }

  void wait() { turn(milliseconds{30}); }

  void turn(Clock::duration after) {
    now_ += after;
    cpu_affinity_.count_turn(now_);
  }

 private:
  Clock::time_point now_{std::chrono::hours{1}};
  CpuAffinity cpu_affinity_{};
};

TEST_CASE("threads that are started after the beginning share one processor") {
  const Restored before;
  if (before.number() < 2) return;  // nothing to choose from
  const Run run;
  const Bystander bystander;
  CHECK(number_allowed() == 1);
  CHECK(number_allowed(bystander.id()) == 1);
  CHECK(may_run_on(::sched_getcpu(), bystander.id()));
}

TEST_CASE("now and then the first thread may move and the others follow") {
  const Restored before;
  if (before.number() < 2) return;
  Run run;
  const Bystander bystander;
  CHECK(run.turns_until_it_may_move(milliseconds{1} / 10) > 1'000);
  CHECK(number_allowed() == before.number());
  CHECK(number_allowed(bystander.id()) == 1);

  // It moves, as the scheduler might have it.
  const int here = ::sched_getcpu();
  int there = 0;
  const auto processors = allowed();
  while (there == here || !CPU_ISSET(static_cast<std::size_t>(there), &processors)) ++there;
  cpu_set_t place{};
  CPU_SET(static_cast<std::size_t>(there), &place);
  REQUIRE(::sched_setaffinity(0, sizeof place, &place) == 0);
  run.turn(milliseconds{1} / 10);
  CHECK(may_run_on(there, 0));
  CHECK(may_run_on(there, bystander.id()));
}

TEST_CASE("a pause lets the threads go where they like and a burst gathers them again") {
  const Restored before;
  if (before.number() < 2) return;
  Run run;
  const Bystander bystander;
  run.wait();
  CHECK(number_allowed() == before.number());
  CHECK(number_allowed(bystander.id()) == before.number());
  run.turn(milliseconds{1});
  CHECK(number_allowed() == before.number());
  run.burst();
  CHECK(number_allowed() == 1);
  CHECK(may_run_on(::sched_getcpu(), bystander.id()));
}

TEST_CASE("a trickle without a pause parts the threads, too") {
  const Restored before;
  if (before.number() < 2) return;
  Run run;
  const Bystander bystander;
  CHECK(run.turns_until_it_may_move(milliseconds{10}) > 0);
  CHECK(number_allowed(bystander.id()) == before.number());
  for (int turns = 0; turns < 1'000; ++turns) run.turn(milliseconds{10});
  CHECK(number_allowed() == before.number());
}

TEST_CASE("whoever is started while roaming may run everywhere") {
  const Restored before;
  if (before.number() < 2) return;
  const Run run;
  {
    const AnyProcessor unpinned;
    CHECK(number_allowed() == before.number());
  }
  CHECK(number_allowed() == 1);
}

TEST_CASE("after a pause roaming changes nothing") {
  const Restored before;
  Run run;
  run.wait();
  { const AnyProcessor unpinned; }
  CHECK(number_allowed() == before.number());
}

TEST_CASE("without a cpu_affinity roaming changes nothing") {
  const Restored before;
  const AnyProcessor unpinned;
  CHECK(number_allowed() == before.number());
}

TEST_CASE("the switch of the socket layer keeps threads apart") {
  const Restored before;
  ::setenv("MQTT_TOOLS_FAST_IO", "0", 1);
  Run run;
  ::unsetenv("MQTT_TOOLS_FAST_IO");
  CHECK(number_allowed() == before.number());
  run.burst();
  CHECK(number_allowed() == before.number());
}

}  // namespace
}  // namespace mqtt_tools::run
