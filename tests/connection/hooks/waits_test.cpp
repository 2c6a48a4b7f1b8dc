// SPDX-License-Identifier: MIT
#include "connection/hooks/waits.hpp"

#include "catch.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <thread>

using namespace mqtt_tools::connection::hooks;

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

/// As Paho's sending thread does when it has nothing to send.
void wait_to_send() {
  static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  waits::wait_to_send(return_at_once, &condition, &mutex, nullptr);
}

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
