// SPDX-License-Identifier: MIT
#include "connection/reconnect_policy.hpp"

#include "catch.hpp"

#include <chrono>
#include <limits>

using namespace std::chrono_literals;
using mqtt_tools::Clock;
using mqtt_tools::Duration;
using mqtt_tools::connection::Options;
using mqtt_tools::connection::pause_after;
using mqtt_tools::connection::ReconnectPolicy;

namespace {

constexpr double middle = 0.5;  // No jitter.

bool near(Duration pause, Duration wanted) { return pause > wanted - 1us && pause < wanted + 1us; }

}  // namespace

TEST_CASE("the first attempt after a loss is made at once, the pauses then double to the longest") {
  CHECK(pause_after(0, 10s, middle) == 0s);
  int attempts = 1;
  for (const auto wanted : {1s, 2s, 4s, 8s, 10s, 10s}) {
    CHECK(near(pause_after(attempts++, 10s, middle), wanted));
  }
}

TEST_CASE("a pause varies by ten per cent either way") {
  CHECK(near(pause_after(1, 30s, 0.0), 900ms));
  CHECK(pause_after(1, 30s, 0.999999) > 1099ms);
  CHECK(pause_after(2, 30s, 0.999999) < 2200ms);
}

TEST_CASE("a longest pause below one second shortens the first pause too") {
  CHECK(pause_after(0, 50ms, middle) == 0s);
  CHECK(near(pause_after(1, 50ms, middle), 50ms));
  CHECK(near(pause_after(2, 50ms, middle), 50ms));
}

TEST_CASE("a longest pause of nothing still leaves the processor some rest") {
  CHECK(pause_after(0, 0s, middle) == 0s);
  CHECK(pause_after(1, 0s, 0.0) >= 9ms);
}

TEST_CASE("a connection that was made lets the pauses begin anew") {
  Options options;
  ReconnectPolicy policy{options};
  Clock::time_point now{};
  policy.connected(now);
  const auto next_pause = [&] { return *policy.after({}, now).retry_at - now; };
  CHECK(next_pause() == 0s);
  for (int attempt = 0; attempt < 5; ++attempt) CHECK(next_pause() >= 900ms);
  policy.connected(now);
  now += 10s;
  CHECK(*policy.after_loss("broker", "", {}, now).retry_at - now < 900ms);
  CHECK(next_pause() < 1101ms);
}

TEST_CASE("pauses stay at the longest however often it is tried") {
  CHECK(near(pause_after(1000, 30s, middle), 30s));
  CHECK(near(pause_after(std::numeric_limits<int>::max(), 30s, middle), 30s));
}
