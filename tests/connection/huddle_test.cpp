// SPDX-License-Identifier: MIT

#include "connection/huddle.hpp"

#include "catch.hpp"

#include <sched.h>
#include <unistd.h>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace mqtt_tools::connection {
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

/// Leaves the thread of the tests as it was.
class Restored {
 public:
  ~Restored() { ::sched_setaffinity(0, sizeof before_, &before_); }

  int number() const { return CPU_COUNT(&before_); }

 private:
  cpu_set_t before_ = allowed();
};

TEST_CASE("threads that are started after the beginning share one processor") {
  const Restored before;
  if (before.number() < 2) return;  // nothing to choose from
  Huddle huddle;
  huddle.begin();
  const Bystander bystander;
  CHECK(number_allowed() == 1);
  CHECK(number_allowed(bystander.id()) == 1);
  CHECK(may_run_on(::sched_getcpu(), bystander.id()));
}

TEST_CASE("now and then the first thread may move and the others follow") {
  const Restored before;
  if (before.number() < 2) return;
  Huddle huddle;
  huddle.begin();
  const Bystander bystander;
  int turns = 0;
  while (number_allowed() == 1 && turns < 100'000) {
    huddle.turn();
    ++turns;
  }
  CHECK(turns > 1'000);
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
  huddle.turn();
  CHECK(may_run_on(there, 0));
  CHECK(may_run_on(there, bystander.id()));
}

TEST_CASE("whoever is started while roaming may run everywhere") {
  const Restored before;
  if (before.number() < 2) return;
  Huddle huddle;
  huddle.begin();
  {
    const Roaming anywhere;
    CHECK(number_allowed() == before.number());
  }
  CHECK(number_allowed() == 1);
}

TEST_CASE("without a huddle roaming changes nothing") {
  const Restored before;
  const Roaming anywhere;
  CHECK(number_allowed() == before.number());
}

TEST_CASE("the switch of the socket layer keeps threads apart") {
  const Restored before;
  ::setenv("MQTT_TOOLS_FAST_IO", "0", 1);
  Huddle huddle;
  huddle.begin();
  ::unsetenv("MQTT_TOOLS_FAST_IO");
  CHECK(number_allowed() == before.number());
}

}  // namespace
}  // namespace mqtt_tools::connection
