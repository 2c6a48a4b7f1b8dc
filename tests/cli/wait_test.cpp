// SPDX-License-Identifier: MIT
#include "cli/wait.hpp"

#include "catch.hpp"

#include <unistd.h>
#include <chrono>

namespace mqtt_tools::cli {
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

  Wait wait;
  wait.on(silent.reader(), POLLIN);
  wait.on(ready.reader(), POLLIN);
  wait.on(-1, POLLIN);
  wait.now();
  CHECK(wait.had(ready.reader(), POLLIN));
  CHECK_FALSE(wait.had(ready.reader(), POLLOUT));
  CHECK_FALSE(wait.had(silent.reader(), POLLIN));
  CHECK_FALSE(wait.had(-1, POLLIN));
}

TEST_CASE("a wait ends at once when its time has passed") {
  const Pipe silent;
  Wait wait;
  wait.on(silent.reader(), POLLIN);
  wait.until(Clock::now() - 1h);
  wait.until(Clock::now() + 24h);
  wait.until({});
  wait.now();
  CHECK_FALSE(wait.had(silent.reader(), POLLIN));
}

TEST_CASE("a wait for the latest time there is does not overflow") {
  const Pipe ready;
  REQUIRE(::write(ready.writer(), "x", 1) == 1);
  Wait wait;
  wait.on(ready.reader(), POLLIN);
  wait.until(Clock::time_point::max());
  wait.now();
  CHECK(wait.had(ready.reader(), POLLIN));
}

TEST_CASE("a wait forgets what it waited for") {
  const Pipe first;
  const Pipe second;
  REQUIRE(::write(first.writer(), "x", 1) == 1);
  REQUIRE(::write(second.writer(), "x", 1) == 1);
  Wait wait;
  wait.on(first.reader(), POLLIN);
  wait.now();
  wait.on(second.reader(), POLLIN);
  wait.now();
  CHECK_FALSE(wait.had(first.reader(), POLLIN));
  CHECK(wait.had(second.reader(), POLLIN));
}

TEST_CASE("a reader that left is noticed though nothing was asked of the descriptor") {
  Pipe pipe;
  ::close(pipe.ends[0]);
  Wait wait;
  wait.on(pipe.writer(), 0);
  wait.now();
  CHECK(wait.had(pipe.writer(), 0));
  pipe.ends[0] = ::dup(pipe.ends[1]);
}

TEST_CASE("a descriptor can be waited for in two ways") {
  const Pipe pipe;
  Wait wait;
  wait.on(pipe.writer(), 0);
  wait.on(pipe.writer(), POLLOUT);
  wait.now();
  CHECK(wait.had(pipe.writer(), POLLOUT));
}

}  // namespace
}  // namespace mqtt_tools::cli
