// SPDX-License-Identifier: MIT

#include "connection/ring.hpp"

#include "catch.hpp"

#include <atomic>
#include <future>
#include <string>

namespace mqtt_tools::connection {
namespace {

void put(Ring& ring, const std::string& payload) {
  REQUIRE(ring.claim() == Ring::Put::taken);
  ring.slot().payload = payload;
  ring.publish();
}

TEST_CASE("a ring gives messages in the order they came") {
  Ring ring;
  CHECK(ring.get() == nullptr);
  put(ring, "1");
  put(ring, "2");
  CHECK(ring.get()->payload == "1");
  CHECK(ring.get()->payload == "2");
  CHECK(ring.get() == nullptr);
  CHECK(ring.empty());
}

TEST_CASE("a full ring holds its writer until a message is taken and done with") {
  Ring ring;
  for (std::size_t i = 0; i < Ring::max_messages; ++i) put(ring, std::to_string(i));
  auto writer = std::async(std::launch::async, [&] {
    ring.claim();
    ring.publish();
  });
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  for (std::size_t i = 0; i < Ring::max_messages; ++i) {
    CHECK(ring.get()->payload == std::to_string(i));
  }
  ring.get();  // the last one is done with
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
}

TEST_CASE("a ring is full by bytes too, but takes one message of any size") {
  Ring ring;
  put(ring, std::string(Ring::max_bytes + 1, 'x'));
  ring.hurry();
  CHECK(ring.claim() == Ring::Put::taken);  // in a hurry nothing waits
}

TEST_CASE("a giant that was let go leaves room for the next one") {
  Ring ring;
  ring.let_past_every(std::chrono::hours{1});
  put(ring, std::string(Ring::max_bytes + 1, 'x'));
  auto writer = std::async(std::launch::async, [&] { put(ring, "next"); });
  ring.get();
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  ring.let_go();
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(ring.get()->payload == "next");
}

TEST_CASE("a ring takes no more than its limit, until a message is given back") {
  Ring ring;
  ring.limit(2);
  put(ring, "1");
  put(ring, "2");
  ring.get();
  ring.give_back();
  put(ring, "3");
  ring.hurry();
  CHECK(ring.claim() == Ring::Put::surplus);
}

TEST_CASE("time lets one message past a full ring, and only one") {
  Ring ring;
  ring.let_past_every(std::chrono::milliseconds{1});
  for (std::size_t i = 0; i < Ring::max_messages; ++i) put(ring, "x");
  put(ring, "past");  // returns though nobody reads
  ring.hurry();
  CHECK(ring.claim() == Ring::Put::taken);
}

TEST_CASE("in a hurry a ring without a free slot refuses") {
  Ring ring;
  ring.hurry();
  for (std::size_t i = 0; i < Ring::max_slots; ++i) put(ring, "x");
  CHECK(ring.claim() == Ring::Put::no_room);
}

TEST_CASE("a writer whose connection is given up waits no longer, and puts nothing") {
  Ring ring;
  ring.let_past_every(std::chrono::hours{1});
  for (std::size_t i = 0; i < Ring::max_messages; ++i) put(ring, "x");
  std::atomic<bool> given_up{false};
  auto writer = std::async(std::launch::async, [&] { return ring.claim(given_up); });
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  given_up = true;
  ring.wake();
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(writer.get() == Ring::Put::given_up);
  CHECK(ring.received() == Ring::max_messages);
}

}  // namespace
}  // namespace mqtt_tools::connection
