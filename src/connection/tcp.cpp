// SPDX-License-Identifier: MIT
#include "connection/tcp.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace mqtt_tools::connection {

Tcp::~Tcp() { close(); }

void Tcp::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool Tcp::wait(short events, Clock::time_point deadline) const {
  for (;;) {
    const auto left = std::max(deadline - Clock::now(), Duration{});
    const auto patience = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd waited{fd_, events, 0};
    const auto ready = ::poll(&waited, 1, static_cast<int>(std::min<long long>(patience, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (Clock::now() >= deadline) return false;
  }
}

int Tcp::connect(const Address& address, Clock::time_point deadline) {
  close();
  fd_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return errno;
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!wait(POLLOUT, deadline)) return ETIMEDOUT;

  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

bool Tcp::send(std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait(POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

Received Tcp::receive(Clock::time_point deadline) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      return {std::string(buffer.data(), static_cast<std::size_t>(got)), Received::End::open};
    }
    if (got == 0) return {{}, Received::End::closed};
    if (errno == EAGAIN) {
      if (!wait(POLLIN, deadline)) return {{}, Received::End::late};
    } else if (errno != EINTR) {
      return {{}, Received::End::reset};
    }
  }
}

}  // namespace mqtt_tools::connection
