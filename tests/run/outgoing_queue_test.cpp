// SPDX-License-Identifier: MIT
#include "run/outgoing_queue.hpp"

#include "catch.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::run {
namespace {

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
  queue.forget(1);

  queue.resend_all();
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

}  // namespace
}  // namespace mqtt_tools::run
