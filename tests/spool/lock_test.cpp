// SPDX-License-Identifier: MIT
#include "spool/lock.hpp"

#include "catch.hpp"
#include "run/forked.hpp"
#include "support/system.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <csignal>

namespace mqtt_tools::spool {
namespace {

using support::eventually;
using support::patience;
using support::TemporaryDirectory;

bool readable(int fd, std::chrono::milliseconds limit = patience) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, static_cast<int>(limit.count())) == 1;
}

TEST_CASE("One has the lock, and the next gets it when it is given up") {
  const TemporaryDirectory directory;
  FileLock first(directory / "lock");
  FileLock second(directory / "lock");
  CHECK(first.try_lock());
  CHECK(first.try_lock());
  CHECK(second.holder() == ::getpid());
  CHECK_FALSE(second.try_lock());
  second.request();
  CHECK_FALSE(second.try_lock());
  CHECK_FALSE(readable(second.fd(), {}));
  first.unlock();
  CHECK(readable(second.fd()));
  CHECK(second.try_lock());
  CHECK_FALSE(first.try_lock());
}

TEST_CASE("Who no longer waits for a lock does not get it") {
  const TemporaryDirectory directory;
  FileLock first(directory / "lock");
  FileLock second(directory / "lock");
  FileLock third(directory / "lock");
  REQUIRE(first.try_lock());
  second.request();
  second.unlock();
  first.unlock();
  CHECK(third.lock(Clock::now() + patience, -1));
  CHECK_FALSE(second.held());
}

TEST_CASE("A wait for a lock ends at its deadline and when it is cancelled") {
  const TemporaryDirectory directory;
  FileLock first(directory / "lock");
  FileLock second(directory / "lock");
  REQUIRE(first.try_lock());
  CHECK_FALSE(second.lock(Clock::now() + std::chrono::milliseconds{20}, -1));
  support::EventFd cancel;
  cancel.raise();
  CHECK_FALSE(second.lock(Clock::now() + patience, cancel.fd()));
}

TEST_CASE("A lock is free when the process that had it was killed") {
  const TemporaryDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) {
    FileLock lock(directory / "lock");
    lock.try_lock();
    for (;;) ::pause();
  }
  FileLock lock(directory / "lock");
  CHECK(eventually(patience, [&] { return lock.holder() == child; }));
  CHECK_FALSE(lock.try_lock());
  lock.request();
  ::kill(child, SIGKILL);
  CHECK(readable(lock.fd()));
  CHECK(lock.try_lock());
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("Those that wait see that the holder of a lock gets on") {
  const TemporaryDirectory directory;
  FileLock holder(directory / "lock");
  const FileLock other(directory / "lock");
  LockWatch watch(other);
  CHECK_FALSE(readable(watch.fd(), {}));
  REQUIRE(holder.try_lock());
  CHECK(readable(watch.fd()));
  CHECK(watch.touched());
  CHECK_FALSE(watch.touched());
  holder.touch();
  CHECK(watch.touched());
}

TEST_CASE("A wake reaches who listens, and disturbs nobody when none does") {
  const TemporaryDirectory directory;
  WakeFifo sender(directory / "wake");
  const WakeFifo writer(directory / "wake");
  writer.wake();
  sender.listen();
  CHECK_FALSE(readable(sender.fd(), {}));
  writer.wake();
  writer.wake();
  CHECK(readable(sender.fd()));
  sender.clear();
  CHECK_FALSE(readable(sender.fd(), {}));
}

TEST_CASE("More wakes than a FIFO holds do not block") {
  const TemporaryDirectory directory;
  WakeFifo sender(directory / "wake");
  const WakeFifo writer(directory / "wake");
  sender.listen();
  for (int i = 0; i < 70'000; ++i) writer.wake();
  sender.clear();
  CHECK_FALSE(readable(sender.fd(), {}));
}

}  // namespace
}  // namespace mqtt_tools::spool
