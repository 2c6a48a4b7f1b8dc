// SPDX-License-Identifier: MIT

#include "cli/account.hpp"

#include "catch.hpp"

namespace mqtt_tools::cli {
namespace {

using std::chrono::seconds;

Clock::time_point at(int second) { return Clock::time_point{} + seconds{second}; }

TEST_CASE("what is neither taken nor denied is outstanding, and said in words") {
  Account account{seconds{30}};
  for (int i = 0; i < 5; ++i) account.given(at(0));
  account.taken(at(1));
  account.taken(at(1));
  account.denied("to t: not authorised", at(1));
  CHECK(account.outstanding() == 2);
  CHECK(account.unacknowledged() == "2 of 5 messages were not acknowledged");
  CHECK(account.denials() == "1 of 5 messages was denied, to t: not authorised");
  CHECK(account.summary() == "2 messages were acknowledged");
}

TEST_CASE("an interrupted stream is told by what was read, sent and acknowledged") {
  Account account{seconds{30}};
  for (int i = 0; i < 5; ++i) account.given(at(0));
  account.taken(at(1));
  CHECK(account.so_far(2) == "of 5 messages read, 3 were sent and 1 acknowledged");
  Account unacknowledged{seconds{30}};
  unacknowledged.given(at(0), Qos::at_most_once);
  CHECK(unacknowledged.so_far(0) == "of 1 message read, 1 was sent");
}

TEST_CASE("of several denials the first one's reason is told") {
  Account account{seconds{30}};
  account.given(at(0));
  account.given(at(0));
  account.denied("to a: no", at(1));
  account.denied("to b: never", at(1));
  CHECK(account.denials() == "2 of 2 messages were denied, to a: no");
}

TEST_CASE("patience runs out only while something is outstanding after a connection was made") {
  Account account{seconds{2}};
  CHECK_FALSE(account.due());
  account.given(at(0));
  CHECK_FALSE(account.overdue(at(100)));  // never connected: --connect-timeout rules
  account.connected(at(100));
  CHECK(account.due() == at(102));
  CHECK_FALSE(account.overdue(at(101)));
  CHECK(account.overdue(at(102)));
  account.taken(at(101));
  CHECK_FALSE(account.overdue(at(200)));
  account.given(at(300));
  CHECK(account.due() == at(302));
}

TEST_CASE("each acknowledgement renews the patience") {
  Account account{seconds{2}};
  account.connected(at(0));
  account.given(at(0));
  account.given(at(0));
  account.taken(at(1));
  CHECK_FALSE(account.overdue(at(2)));
  CHECK(account.overdue(at(3)));
}

}  // namespace
}  // namespace mqtt_tools::cli
