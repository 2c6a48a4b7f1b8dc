// SPDX-License-Identifier: MIT
#include "run/poller.hpp"

#include "catch.hpp"

#include <unistd.h>
#include <chrono>

namespace mqtt_tools::run {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() { REQUIRE(::pipe(ends) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  int reader() const { return ends[0]; }
  int writer() const { return ends[1]; }

  int ends[2] = {-1, -1};
};

TEST_CASE("a wait ends at the descriptor that is ready and tells which it was") {
  const Pipe silent;
  const Pipe ready;
  REQUIRE(::write(ready.writer(), "x", 1) == 1);

  Poller poller;
  poller.add(silent.reader(), POLLIN);
  poller.add(ready.reader(), POLLIN);
  poller.add(-1, POLLIN);
  poller.wait();
  CHECK(poller.had(ready.reader(), POLLIN));
  CHECK_FALSE(poller.had(ready.reader(), POLLOUT));
  CHECK_FALSE(poller.had(silent.reader(), POLLIN));
  CHECK_FALSE(poller.had(-1, POLLIN));
}

TEST_CASE("a wait ends at once when its time has passed") {
  const Pipe silent;
  Poller poller;
  poller.add(silent.reader(), POLLIN);
  poller.until(Clock::now() - 1h);
  poller.until(Clock::now() + 24h);
  poller.until({});
  poller.wait();
  CHECK_FALSE(poller.had(silent.reader(), POLLIN));
}

TEST_CASE("a wait for the latest time there is does not overflow") {
  const Pipe ready;
  REQUIRE(::write(ready.writer(), "x", 1) == 1);
  Poller poller;
  poller.add(ready.reader(), POLLIN);
  poller.until(Clock::time_point::max());
  poller.wait();
  CHECK(poller.had(ready.reader(), POLLIN));
}

TEST_CASE("a wait forgets what it waited for") {
  const Pipe first;
  const Pipe second;
  REQUIRE(::write(first.writer(), "x", 1) == 1);
  REQUIRE(::write(second.writer(), "x", 1) == 1);
  Poller poller;
  poller.add(first.reader(), POLLIN);
  poller.wait();
  poller.add(second.reader(), POLLIN);
  poller.wait();
  CHECK_FALSE(poller.had(first.reader(), POLLIN));
  CHECK(poller.had(second.reader(), POLLIN));
}

TEST_CASE("a reader that left is noticed though nothing was asked of the descriptor") {
  Pipe pipe;
  ::close(pipe.ends[0]);
  Poller poller;
  poller.add(pipe.writer(), 0);
  poller.wait();
  CHECK(poller.had(pipe.writer(), 0));
  pipe.ends[0] = ::dup(pipe.ends[1]);
}

TEST_CASE("a descriptor can be waited for in two ways") {
  const Pipe pipe;
  Poller poller;
  poller.add(pipe.writer(), 0);
  poller.add(pipe.writer(), POLLOUT);
  poller.wait();
  CHECK(poller.had(pipe.writer(), POLLOUT));
}

}  // namespace
}  // namespace mqtt_tools::run
