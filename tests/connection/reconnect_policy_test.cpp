// SPDX-License-Identifier: MIT

#include "connection/reconnect_policy.hpp"

#include "catch.hpp"

namespace mqtt_tools::connection {
namespace {

using std::chrono::seconds;

Clock::time_point at(int second) { return Clock::time_point{} + seconds{second}; }

TEST_CASE("three losses in a row without progress are hopeless and look like a rival") {
  LossHistory losses;
  losses.add(at(0), at(1), false);
  losses.add(at(2), at(3), false);
  CHECK_FALSE(losses.hopeless());
  CHECK_FALSE(losses.rivalry());
  losses.add(at(4), at(5), false);
  CHECK(losses.hopeless());
  CHECK(losses.rivalry());
}

TEST_CASE("a connection that lasted five seconds begins the count anew") {
  LossHistory losses;
  losses.add(at(0), at(1), false);
  losses.add(at(2), at(3), false);
  losses.add(at(4), at(9), false);
  losses.add(at(9), at(10), false);
  CHECK_FALSE(losses.hopeless());
  CHECK_FALSE(losses.rivalry());
}

TEST_CASE("ten losses with messages between them are a bad network, fifteen in a minute a rival") {
  LossHistory losses;
  for (int i = 0; i < 14; ++i) {
    losses.add(at(i), at(i), true);
    CHECK_FALSE(losses.hopeless());
    CHECK_FALSE(losses.rivalry());
  }
  losses.add(at(14), at(14), true);
  CHECK(losses.rivalry());
  CHECK_FALSE(losses.hopeless());
}

TEST_CASE("three losses far apart are no rival") {
  LossHistory losses;
  losses.add(at(0), at(1), false);
  losses.add(at(10), at(11), false);
  losses.add(at(20), at(21), false);
  CHECK_FALSE(losses.rivalry());
  CHECK(losses.hopeless());
}

}  // namespace
}  // namespace mqtt_tools::connection
