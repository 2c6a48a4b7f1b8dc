// SPDX-License-Identifier: MIT
#include "connection/hooks/waits.hpp"

#include "catch.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

using namespace mqtt_tools::connection::hooks;
using mqtt_tools::Clock;
using mqtt_tools::Duration;

namespace {

class TcpSocket {
 public:
  ~TcpSocket() { ::close(descriptor_); }
  TcpSocket() = default;
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;

  int descriptor() const { return descriptor_; }

  bool corked() const {
    int value = -1;
    socklen_t size = sizeof value;
    ::getsockopt(descriptor_, IPPROTO_TCP, TCP_CORK, &value, &size);
    return value != 0;
  }

 private:
  int descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

int return_at_once(pthread_cond_t*, pthread_mutex_t*, const timespec*) { return 0; }

std::atomic<bool> was_signalled{false};

int wait_for_signal(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec*) {
  ::pthread_cond_wait(condition, mutex);
  was_signalled = true;
  return 0;
}

pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/// As Paho's sending thread does when it has nothing to send.
void wait_to_send() { waits::wait_to_send(return_at_once, &condition, &mutex, nullptr); }

}  // namespace

TEST_CASE("packets gather on the thread that sends until it waits for more") {
  const TcpSocket first;
  const TcpSocket second;
  std::thread([&] {
    waits::gather_write(first.descriptor());
    CHECK_FALSE(first.corked());  // Who knows whether this thread ever waits?
    wait_to_send();
    CHECK_FALSE(first.corked());

    waits::gather_write(first.descriptor());
    waits::gather_write(first.descriptor());
    CHECK(first.corked());
    waits::gather_write(second.descriptor());
    CHECK_FALSE(first.corked());
    CHECK(second.corked());
    wait_to_send();
    CHECK_FALSE(second.corked());
  }).join();
}

TEST_CASE("a thread that only acknowledges holds nothing back") {
  const TcpSocket socket;
  std::thread{wait_to_send}.join();
  std::thread([&] { waits::gather_write(socket.descriptor()); }).join();
  CHECK_FALSE(socket.corked());
}

TEST_CASE("nothing is sent behind a short write until Paho knows that it has ended") {
  const TcpSocket tcp;
  auto* const stream =
      Socket::open(tcp.descriptor(), std::make_shared<ConnectionRecord>(PacketGuard::Limits{}));
  REQUIRE(stream != nullptr);
  stream->wrote(false);
  const auto may_go_on = [&] {
    pollfd asked{tcp.descriptor(), POLLOUT, POLLOUT};
    waits::tell_of_slow(&asked, 1, 1);
    return asked.revents == POLLOUT;
  };
  std::thread{wait_to_send}.join();
  REQUIRE_FALSE(may_go_on());  // The sending thread is busy.

  bool left = false;
  std::thread sender{[&] {
    ::pthread_mutex_lock(&mutex);
    waits::wait_to_send(wait_for_signal, &condition, &mutex, nullptr);
    left = true;
    ::pthread_mutex_unlock(&mutex);
  }};
  while (!may_go_on()) std::this_thread::yield();
  ::pthread_mutex_lock(&mutex);
  ::pthread_cond_signal(&condition);
  ::pthread_mutex_unlock(&mutex);
  while (!was_signalled) std::this_thread::yield();
  ::pthread_mutex_lock(&mutex);
  CHECK_FALSE(left);
  ::pthread_mutex_unlock(&mutex);
  waits::poll(nullptr, 0, 0);
  sender.join();
  CHECK(left);
  stream->enter(Socket::State::unused);
}

namespace {

struct Input {
  waits::ReadCoalescing coalescing{};
  Clock::time_point now{std::chrono::hours{1}};

  /// So many waits, so far apart, and whether input was to gather before any of them.
  bool waits(unsigned count, Duration apart, std::uint64_t written = 0) {
    bool gathered = false;
    for (unsigned wait = 0; wait < count; ++wait) {
      now += apart;
      if (coalescing.wanted(now, written)) gathered = true;
    }
    return gathered;
  }
};

constexpr Duration dense = waits::ReadCoalescing::span / waits::ReadCoalescing::reads;
constexpr Duration sparse = dense + std::chrono::microseconds{1};

}  // namespace

TEST_CASE("what comes alone is not left to gather") {
  Input input;
  CHECK_FALSE(input.waits(1000, sparse));
  CHECK_FALSE(input.waits(1000, std::chrono::seconds{1}));
}

TEST_CASE("a few small reads are not left to gather") {
  Input input;
  input.waits(1, std::chrono::seconds{1});
  CHECK_FALSE(input.waits(waits::ReadCoalescing::reads - 1, std::chrono::microseconds{10}));
  input.waits(1, std::chrono::seconds{1});
  CHECK_FALSE(input.waits(waits::ReadCoalescing::reads - 1, std::chrono::microseconds{10}));
}

TEST_CASE("many small reads are worth waiting for more") {
  Input input;
  input.waits(1, std::chrono::seconds{1});
  CHECK_FALSE(input.waits(waits::ReadCoalescing::reads - 1, dense));
  CHECK(input.waits(1, dense));

  SECTION("also when the time of gathering lies between them") {
    for (int i = 0; i < 100; ++i) CHECK(input.waits(1, 2 * waits::ReadCoalescing::time));
  }
  SECTION("until they become fewer") {
    input.waits(waits::ReadCoalescing::reads, sparse);
    CHECK_FALSE(input.waits(1000, sparse));
  }
  SECTION("until a pause") {
    CHECK_FALSE(input.waits(1, waits::ReadCoalescing::span + std::chrono::microseconds{1}));
    CHECK_FALSE(input.waits(waits::ReadCoalescing::reads - 1, dense));
  }
  SECTION("until we write") {
    CHECK_FALSE(input.waits(1, dense, 1));
    CHECK_FALSE(input.waits(waits::ReadCoalescing::reads - 1, dense, 1));
    CHECK(input.waits(1, dense, 1));
  }
}

TEST_CASE("what we acknowledge is not left to gather") {
  Input input;
  for (std::uint64_t written = 1; written < 100; ++written) {
    CHECK_FALSE(input.waits(1, std::chrono::microseconds{10}, written));
  }
}
