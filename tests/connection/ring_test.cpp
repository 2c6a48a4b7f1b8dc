// SPDX-License-Identifier: MIT

#include "connection/ring.hpp"

#include "catch.hpp"

#include <atomic>
#include <chrono>
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

TEST_CASE("a closed ring takes nothing, and lets go whoever waits for room") {
  Ring ring;
  for (std::size_t i = 0; i < Ring::max_messages; ++i) put(ring, "x");
  auto writer = std::async(std::launch::async, [&] { return ring.claim(); });
  CHECK(ring.close());
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(writer.get() == Ring::Put::closed);
  CHECK(ring.waiting() == Ring::max_messages);
  CHECK(ring.get() != nullptr);  // What was taken before is still there.
}

TEST_CASE("what is beyond the limit waits, until it is to be refused") {
  Ring ring;
  ring.limit(1);
  put(ring, "1");
  auto writer = std::async(std::launch::async, [&] { return ring.claim(); });
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  ring.refuse_surplus();
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(writer.get() == Ring::Put::surplus);
  CHECK_FALSE(ring.hurried());
}

namespace {

/// A message whose callback waits until it is done with.
std::future<bool> put_and_hold(Ring& ring) {
  REQUIRE(ring.claim() == Ring::Put::taken);
  ring.hold();
  ring.publish();
  return std::async(std::launch::async, [&] { return ring.wait_until_done_with(); });
}

}  // namespace

TEST_CASE("a callback may wait until its message is done with") {
  Ring ring;
  ring.let_past_every(std::chrono::hours{1});
  SECTION("it is shown") {
    auto callback = put_and_hold(ring);
    ring.get();
    CHECK(callback.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
    ring.let_go();
    CHECK(callback.get());
    CHECK(ring.close());
  }
  SECTION("it cannot be shown, also when the app is done with it at once") {
    auto callback = put_and_hold(ring);
    ring.get();
    CHECK_FALSE(ring.close());
    ring.let_go();
    CHECK_FALSE(callback.get());
  }
  SECTION("the run ends") {
    auto callback = put_and_hold(ring);
    ring.hurry();
    CHECK(callback.get());
  }
  SECTION("its connection is given up") {
    std::atomic<bool> given_up{false};
    REQUIRE(ring.claim() == Ring::Put::taken);
    ring.hold();
    ring.publish();
    auto callback =
        std::async(std::launch::async, [&] { return ring.wait_until_done_with(given_up); });
    given_up = true;
    ring.wake();
    CHECK(callback.get());
  }
}

TEST_CASE("a callback waits for its message no longer than a full ring holds one back") {
  Ring ring;
  ring.let_past_every(std::chrono::milliseconds{1});
  CHECK(put_and_hold(ring).get());
  CHECK(ring.waiting() == 1);
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
