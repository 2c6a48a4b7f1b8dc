// SPDX-License-Identifier: MIT

#include "connection/paho/receive_queue.hpp"

#include "catch.hpp"
#include "connection/paho/event_queue.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <utility>

namespace {
std::function<void()> before_eventfd_write;  // NOLINT(cert-err58-cpp)
}

/// In front of glibc's in this executable: what another thread does in the middle of a wake().
extern "C" int eventfd_write(int fd, eventfd_t value) {
  if (before_eventfd_write) std::exchange(before_eventfd_write, nullptr)();
  return ::write(fd, &value, sizeof value) == sizeof value ? 0 : -1;
}

namespace mqtt_tools::connection {
namespace {

void put(ReceiveQueue& queue, const std::string& payload) {
  REQUIRE(queue.claim() == ReceiveQueue::Put::taken);
  queue.slot().payload = payload;
  queue.publish();
}

TEST_CASE("a queue gives messages in the order they came") {
  ReceiveQueue queue;
  CHECK(queue.get() == nullptr);
  put(queue, "1");
  put(queue, "2");
  CHECK(queue.get()->payload == "1");
  CHECK(queue.get()->payload == "2");
  CHECK(queue.get() == nullptr);
  CHECK(queue.empty());
}

TEST_CASE("a full queue holds its writer until a message is taken and done with") {
  ReceiveQueue queue;
  for (std::size_t i = 0; i < ReceiveQueue::max_messages; ++i) put(queue, std::to_string(i));
  auto writer = std::async(std::launch::async, [&] {
    queue.claim();
    queue.publish();
  });
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  for (std::size_t i = 0; i < ReceiveQueue::max_messages; ++i) {
    CHECK(queue.get()->payload == std::to_string(i));
  }
  queue.get();  // the last one is done with
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
}

TEST_CASE("a queue is full by bytes too, but takes one message of any size") {
  ReceiveQueue queue;
  put(queue, std::string(ReceiveQueue::max_bytes + 1, 'x'));
  queue.hurry();
  CHECK(queue.claim() == ReceiveQueue::Put::taken);  // in a hurry nothing waits
}

TEST_CASE("a giant that was let go leaves room for the next one") {
  ReceiveQueue queue;
  queue.let_past_every(std::chrono::hours{1});
  put(queue, std::string(ReceiveQueue::max_bytes + 1, 'x'));
  auto writer = std::async(std::launch::async, [&] { put(queue, "next"); });
  queue.get();
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  queue.let_go();
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(queue.get()->payload == "next");
}

TEST_CASE("the properties of a message count, too, and what was let go of takes no memory") {
  ReceiveQueue queue;
  const std::atomic<bool> given_up{true};
  REQUIRE(queue.claim() == ReceiveQueue::Put::taken);
  queue.slot().payload.assign(10'000, 'x');
  queue.slot().properties.user.emplace_back("k", std::string(ReceiveQueue::max_bytes, 'v'));
  queue.publish();
  CHECK(queue.claim(given_up) == ReceiveQueue::Put::given_up);  // It is full.
  const Message* const message = queue.get();
  queue.let_go();
  CHECK(message->properties.empty());
  CHECK(message->payload.capacity() < 10'000);
  CHECK(queue.claim(given_up) == ReceiveQueue::Put::taken);
}

TEST_CASE("a queue takes no more than its limit, until a message is given back") {
  ReceiveQueue queue;
  queue.limit(2);
  put(queue, "1");
  put(queue, "2");
  queue.get();
  queue.give_back();
  put(queue, "3");
  queue.hurry();
  CHECK(queue.claim() == ReceiveQueue::Put::surplus);
}

TEST_CASE("time lets one message past a full queue, and only one") {
  ReceiveQueue queue;
  queue.let_past_every(std::chrono::milliseconds{1});
  for (std::size_t i = 0; i < ReceiveQueue::max_messages; ++i) put(queue, "x");
  put(queue, "past");  // returns though nobody reads
  queue.hurry();
  CHECK(queue.claim() == ReceiveQueue::Put::taken);
}

TEST_CASE("a closed queue takes nothing, and lets go whoever waits for room") {
  ReceiveQueue queue;
  for (std::size_t i = 0; i < ReceiveQueue::max_messages; ++i) put(queue, "x");
  auto writer = std::async(std::launch::async, [&] { return queue.claim(); });
  CHECK(queue.close());
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(writer.get() == ReceiveQueue::Put::closed);
  CHECK(queue.waiting() == ReceiveQueue::max_messages);
  CHECK(queue.get() != nullptr);  // What was taken before is still there.
}

TEST_CASE("what is beyond the limit waits, until it is to be refused") {
  ReceiveQueue queue;
  queue.limit(1);
  put(queue, "1");
  auto writer = std::async(std::launch::async, [&] { return queue.claim(); });
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  queue.refuse_surplus();
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(writer.get() == ReceiveQueue::Put::surplus);
  CHECK_FALSE(queue.hurried());
}

namespace {

/// A message whose callback waits until it is done with.
std::future<bool> put_and_hold(ReceiveQueue& queue) {
  REQUIRE(queue.claim() == ReceiveQueue::Put::taken);
  queue.hold();
  queue.publish();
  return std::async(std::launch::async, [&] { return queue.wait_until_done_with(); });
}

}  // namespace

TEST_CASE("a callback may wait until its message is done with") {
  ReceiveQueue queue;
  queue.let_past_every(std::chrono::hours{1});
  SECTION("it is shown") {
    auto callback = put_and_hold(queue);
    queue.get();
    CHECK(callback.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
    queue.let_go();
    CHECK(callback.get());
    CHECK(queue.close());
  }
  SECTION("it cannot be shown, also when the app is done with it at once") {
    auto callback = put_and_hold(queue);
    queue.get();
    CHECK_FALSE(queue.close());
    queue.let_go();
    CHECK_FALSE(callback.get());
  }
  SECTION("the run ends") {
    auto callback = put_and_hold(queue);
    queue.hurry();
    CHECK(callback.get());
  }
  SECTION("its connection is given up") {
    std::atomic<bool> given_up{false};
    REQUIRE(queue.claim() == ReceiveQueue::Put::taken);
    queue.hold();
    queue.publish();
    auto callback =
        std::async(std::launch::async, [&] { return queue.wait_until_done_with(given_up); });
    given_up = true;
    queue.wake();
    CHECK(callback.get());
  }
}

TEST_CASE("a callback waits for its message no longer than a full queue holds one back") {
  ReceiveQueue queue;
  queue.let_past_every(std::chrono::milliseconds{1});
  CHECK(put_and_hold(queue).get());
  CHECK(queue.waiting() == 1);
}

TEST_CASE("in a hurry a queue without a free slot refuses") {
  ReceiveQueue queue;
  queue.hurry();
  for (std::size_t i = 0; i < ReceiveQueue::max_slots; ++i) put(queue, "x");
  CHECK(queue.claim() == ReceiveQueue::Put::no_room);
}

TEST_CASE("a writer whose connection is given up waits no longer, and puts nothing") {
  ReceiveQueue queue;
  queue.let_past_every(std::chrono::hours{1});
  for (std::size_t i = 0; i < ReceiveQueue::max_messages; ++i) put(queue, "x");
  std::atomic<bool> given_up{false};
  auto writer = std::async(std::launch::async, [&] { return queue.claim(given_up); });
  CHECK(writer.wait_for(std::chrono::milliseconds{0}) == std::future_status::timeout);
  given_up = true;
  queue.wake();
  REQUIRE(writer.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
  CHECK(writer.get() == ReceiveQueue::Put::given_up);
  CHECK(queue.received() == ReceiveQueue::max_messages);
}

bool readable(int fd) {
  pollfd asked{fd, POLLIN, 0};
  return ::poll(&asked, 1, 0) == 1;
}

TEST_CASE("a wake that is written after the queue was cleared leaves it readable only once") {
  EventQueue queue;
  before_eventfd_write = [&] { queue.clear(); };
  queue.wake();
  CHECK(readable(queue.fd()));
  queue.clear();
  CHECK_FALSE(readable(queue.fd()));
  queue.wake();
  CHECK(readable(queue.fd()));
}

}  // namespace
}  // namespace mqtt_tools::connection
