// SPDX-License-Identifier: MIT
#include "run/publisher.hpp"

#include "catch.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace mqtt_tools::run {
namespace {

using std::chrono::seconds;

Message message(const std::string& payload) {
  Message made;
  made.topic = "top";
  made.payload = payload;
  return made;
}

/// Sends all that is unsent; tells their payloads.
std::vector<std::string> send_all(OutgoingQueue& queue) {
  std::vector<std::string> sent;
  while (auto* waiting = queue.next_unsent()) {
    sent.push_back(waiting->message.payload);
    queue.mark_sent(*waiting);
  }
  return sent;
}

using Payloads = std::vector<std::string>;

TEST_CASE("messages leave the queue in the order in which they came") {
  OutgoingQueue queue;
  CHECK(queue.next_unsent() == nullptr);
  CHECK(queue.add(message("a")) == 1);
  CHECK(queue.add(message("b")) == 2);
  CHECK(send_all(queue) == Payloads{"a", "b"});
  CHECK(queue.next_unsent() == nullptr);

  CHECK(queue.add(message("c")) == 3);
  CHECK(send_all(queue) == Payloads{"c"});
  CHECK(queue.size() == 3);
}

TEST_CASE("a queue counts what waits and the bytes of it") {
  OutgoingQueue queue;
  CHECK(queue.empty());
  const auto first = queue.add(message("12345"));
  const auto second = queue.add(message("1"));
  CHECK(queue.size() == 2);
  CHECK(queue.bytes() == 3 + 5 + 3 + 1);

  queue.forget(second);
  CHECK(queue.size() == 1);
  CHECK(queue.bytes() == 3 + 5);
  queue.forget(first);
  CHECK(queue.empty());
  CHECK(queue.bytes() == 0);
}

TEST_CASE("messages are forgotten in any order and only once") {
  OutgoingQueue queue;
  for (const char* payload : {"a", "b", "c", "d"}) {
    queue.add(message(payload));
  }
  send_all(queue);
  for (const MessageId id : {3U, 1U, 1U, 3U, 0U, 5U, 99U}) {
    queue.forget(id);
  }
  CHECK(queue.size() == 2);

  queue.resend_all();
  CHECK(send_all(queue) == Payloads{"b", "d"});
}

TEST_CASE("a lost connection makes all that wait unsent again and in order") {
  OutgoingQueue queue;
  queue.add(message("a"));
  queue.add(message("b"));
  send_all(queue);
  queue.add(message("c"));
  CHECK(queue.in_flight() == 2);
  queue.forget(1);
  CHECK(queue.in_flight() == 1);

  queue.resend_all();
  CHECK(queue.in_flight() == 0);
  CHECK(send_all(queue) == Payloads{"b", "c"});
}

TEST_CASE("a message that is forgotten before it was sent is not sent") {
  OutgoingQueue queue;
  queue.add(message("a"));
  queue.add(message("b"));
  queue.add(message("c"));
  queue.forget(2);
  CHECK(send_all(queue) == Payloads{"a", "c"});
}

TEST_CASE("forgetting sent messages leaves the unsent ones next in line") {
  OutgoingQueue queue;
  for (int i = 0; i < 10; ++i) {
    queue.add(message(std::to_string(i)));
  }
  for (int i = 0; i < 4; ++i) {
    queue.mark_sent(*queue.next_unsent());
  }
  for (const MessageId id : {2U, 4U, 1U, 3U}) {
    queue.forget(id);
  }
  REQUIRE(queue.next_unsent() != nullptr);
  CHECK(queue.next_unsent()->message.payload == "4");
  CHECK(queue.size() == 6);
}

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
  CHECK(unacknowledged.unacknowledged() == "1 of 1 message was not written");
  unacknowledged.taken(at(0));
  CHECK(unacknowledged.summary() == "1 message was written");
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
  CHECK_FALSE(is_over(stats.due(), at(100)));  // never connected: --connect-timeout rules
  stats.connected(at(100));
  CHECK(stats.due() == at(102));
  CHECK_FALSE(is_over(stats.due(), at(101)));
  CHECK(is_over(stats.due(), at(102)));
  stats.taken(at(101));
  CHECK_FALSE(is_over(stats.due(), at(200)));
  stats.given(at(300));
  CHECK(stats.due() == at(302));
}

TEST_CASE("each acknowledgement renews the patience") {
  DeliveryStats stats{seconds{2}};
  stats.connected(at(0));
  stats.given(at(0));
  stats.given(at(0));
  stats.taken(at(1));
  CHECK_FALSE(is_over(stats.due(), at(2)));
  CHECK(is_over(stats.due(), at(3)));
}

}  // namespace
}  // namespace mqtt_tools::run
