// SPDX-License-Identifier: MIT

#include "run/delivery_stats.hpp"

#include "catch.hpp"

namespace mqtt_tools::run {
namespace {

using std::chrono::seconds;

Clock::time_point at(int second) { return Clock::time_point{} + seconds{second}; }

TEST_CASE("what is neither taken nor denied is outstanding, and said in words") {
  DeliveryStats stats{seconds{30}};
  for (int i = 0; i < 5; ++i) stats.given(at(0));
  stats.taken(at(1));
  stats.taken(at(1));
  stats.denied("to t: not authorised", at(1));
  CHECK(stats.outstanding() == 2);
  CHECK(stats.unacknowledged() == "2 of 5 messages were not acknowledged");
  CHECK(stats.denials() == "1 of 5 messages was denied, to t: not authorised");
  CHECK(stats.summary() == "2 messages were acknowledged");
}

TEST_CASE("an interrupted stream is told by what was read, sent and acknowledged") {
  DeliveryStats stats{seconds{30}};
  for (int i = 0; i < 5; ++i) stats.given(at(0));
  stats.taken(at(1));
  CHECK(stats.so_far(2) == "of 5 messages read, 3 were sent and 1 acknowledged");
  DeliveryStats unacknowledged{seconds{30}};
  unacknowledged.given(at(0), Qos::at_most_once);
  CHECK(unacknowledged.so_far(0) == "of 1 message read, 1 was sent");
}

TEST_CASE("of several denials the first one's reason is told") {
  DeliveryStats stats{seconds{30}};
  stats.given(at(0));
  stats.given(at(0));
  stats.denied("to a: no", at(1));
  stats.denied("to b: never", at(1));
  CHECK(stats.denials() == "2 of 2 messages were denied, to a: no");
}

TEST_CASE("patience runs out only while something is outstanding after a connection was made") {
  DeliveryStats stats{seconds{2}};
  CHECK_FALSE(stats.due());
  stats.given(at(0));
  CHECK_FALSE(stats.overdue(at(100)));  // never connected: --connect-timeout rules
  stats.connected(at(100));
  CHECK(stats.due() == at(102));
  CHECK_FALSE(stats.overdue(at(101)));
  CHECK(stats.overdue(at(102)));
  stats.taken(at(101));
  CHECK_FALSE(stats.overdue(at(200)));
  stats.given(at(300));
  CHECK(stats.due() == at(302));
}

TEST_CASE("each acknowledgement renews the patience") {
  DeliveryStats stats{seconds{2}};
  stats.connected(at(0));
  stats.given(at(0));
  stats.given(at(0));
  stats.taken(at(1));
  CHECK_FALSE(stats.overdue(at(2)));
  CHECK(stats.overdue(at(3)));
}

}  // namespace
}  // namespace mqtt_tools::run
