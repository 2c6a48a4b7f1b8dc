// SPDX-License-Identifier: MIT
#include "connection/reconnect_policy.hpp"

#include "catch.hpp"

#include <chrono>

using namespace std::chrono_literals;
using mqtt_tools::Duration;
using mqtt_tools::connection::Backoff;

namespace {

constexpr double middle = 0.5;  // No jitter.

bool near(Duration pause, Duration wanted) { return pause > wanted - 1us && pause < wanted + 1us; }

}  // namespace

TEST_CASE("the first attempt after a loss is made at once, the pauses then double to the longest") {
  Backoff backoff{10s};
  CHECK(backoff.next(middle) == 0s);
  for (const auto wanted : {1s, 2s, 4s, 8s, 10s, 10s}) CHECK(near(backoff.next(middle), wanted));
}

TEST_CASE("a pause varies by ten per cent either way") {
  Backoff least{30s};
  least.next(0.0);
  CHECK(near(least.next(0.0), 900ms));

  Backoff most{30s};
  most.next(0.999999);
  CHECK(most.next(0.999999) > 1099ms);
  CHECK(most.next(0.999999) < 2200ms);
}

TEST_CASE("a longest pause below one second shortens the first pause too") {
  Backoff backoff{50ms};
  CHECK(backoff.next(middle) == 0s);
  CHECK(near(backoff.next(middle), 50ms));
  CHECK(near(backoff.next(middle), 50ms));
}

TEST_CASE("a longest pause of nothing still leaves the processor some rest") {
  Backoff backoff{0s};
  CHECK(backoff.next(middle) == 0s);
  CHECK(backoff.next(0.0) >= 9ms);
}

TEST_CASE("a connection that was made lets the pauses begin anew") {
  Backoff backoff{30s};
  for (int attempt = 0; attempt < 5; ++attempt) backoff.next(middle);
  backoff.reset();
  CHECK(backoff.next(middle) == 0s);
  CHECK(near(backoff.next(middle), 1s));
}

TEST_CASE("pauses stay at the longest however often it is tried") {
  Backoff backoff{30s};
  for (int attempt = 0; attempt < 1000; ++attempt) backoff.next(middle);
  CHECK(near(backoff.next(middle), 30s));
}
