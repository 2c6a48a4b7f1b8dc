// SPDX-License-Identifier: MIT
#include "feed/spool.hpp"

#include "catch.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::feed {
namespace {

Message message(const std::string& payload) {
  Message made;
  made.topic = "top";
  made.payload = payload;
  return made;
}

/// Sends all that is unsent; tells their payloads.
std::vector<std::string> send_all(Spool& spool) {
  std::vector<std::string> sent;
  while (auto* waiting = spool.next_unsent()) {
    sent.push_back(waiting->message.payload);
    spool.mark_sent(*waiting);
  }
  return sent;
}

using Payloads = std::vector<std::string>;

TEST_CASE("messages leave the spool in the order in which they came") {
  Spool spool;
  CHECK(spool.next_unsent() == nullptr);
  CHECK(spool.add(message("a")) == 1);
  CHECK(spool.add(message("b")) == 2);
  CHECK(send_all(spool) == Payloads{"a", "b"});
  CHECK(spool.next_unsent() == nullptr);

  CHECK(spool.add(message("c")) == 3);
  CHECK(send_all(spool) == Payloads{"c"});
  CHECK(spool.size() == 3);
}

TEST_CASE("a spool counts what waits and the bytes of it") {
  Spool spool;
  CHECK(spool.empty());
  const auto first = spool.add(message("12345"));
  const auto second = spool.add(message("1"));
  CHECK(spool.size() == 2);
  CHECK(spool.bytes() == 3 + 5 + 3 + 1);

  spool.forget(second);
  CHECK(spool.size() == 1);
  CHECK(spool.bytes() == 3 + 5);
  spool.forget(first);
  CHECK(spool.empty());
  CHECK(spool.bytes() == 0);
}

TEST_CASE("messages are forgotten in any order and only once") {
  Spool spool;
  for (const char* payload : {"a", "b", "c", "d"}) {
    spool.add(message(payload));
  }
  send_all(spool);
  for (const MessageId id : {3U, 1U, 1U, 3U, 0U, 5U, 99U}) {
    spool.forget(id);
  }
  CHECK(spool.size() == 2);

  spool.resend_all();
  CHECK(send_all(spool) == Payloads{"b", "d"});
}

TEST_CASE("a lost connection makes all that wait unsent again and in order") {
  Spool spool;
  spool.add(message("a"));
  spool.add(message("b"));
  send_all(spool);
  spool.add(message("c"));
  spool.forget(1);

  spool.resend_all();
  CHECK(send_all(spool) == Payloads{"b", "c"});
}

TEST_CASE("a message that is forgotten before it was sent is not sent") {
  Spool spool;
  spool.add(message("a"));
  spool.add(message("b"));
  spool.add(message("c"));
  spool.forget(2);
  CHECK(send_all(spool) == Payloads{"a", "c"});
}

TEST_CASE("forgetting sent messages leaves the unsent ones next in line") {
  Spool spool;
  for (int i = 0; i < 10; ++i) {
    spool.add(message(std::to_string(i)));
  }
  for (int i = 0; i < 4; ++i) {
    spool.mark_sent(*spool.next_unsent());
  }
  for (const MessageId id : {2U, 4U, 1U, 3U}) {
    spool.forget(id);
  }
  REQUIRE(spool.next_unsent() != nullptr);
  CHECK(spool.next_unsent()->message.payload == "4");
  CHECK(spool.size() == 6);
}

}  // namespace
}  // namespace mqtt_tools::feed
