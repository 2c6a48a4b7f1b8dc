// SPDX-License-Identifier: MIT
#include "support/listener.hpp"

#include "support/system.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <cerrno>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <system_error>

namespace mqtt_tools::support {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket bound to `port`, or nothing when it is taken.
Descriptor bound(Family family, int port) {
  const int domain = family == Family::ipv4 ? AF_INET : AF_INET6;
  Descriptor fd{checked(socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")};
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  int result = 0;
  if (family == Family::ipv4) {
    const auto address = loopback(port);
    result = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    address.sin6_addr = in6addr_loopback;
    result = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  if (result == 0) return fd;
  if (errno != EADDRINUSE) checked(result, "bind");
  return Descriptor{};
}

int random_port() {
  static std::mt19937 engine{std::random_device{}()};
  return std::uniform_int_distribution{10'000, 32'000}(engine);
}

}  // namespace

bool has_ipv6() {
  try {
    return static_cast<bool>(bound(Family::ipv6, 0));
  } catch (const std::system_error&) {
    return false;
  }
}

int free_port(Family family) { return Listener{family}.port(); }

Descriptor keep_port(Family family, int port) {
  auto fd = bound(family, port);
  // From now on nobody else may bind it, with SO_REUSEADDR or without.
  const int off = 0;
  if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &off, sizeof off);
  return fd;
}

int closed_port() {
  static std::vector<Descriptor> kept;
  const int port = free_port();
  auto fd = keep_port(Family::ipv4, port);
  if (!fd) return closed_port();
  kept.push_back(std::move(fd));
  return port;
}

Listener::Listener(Family family, int backlog) {
  for (int attempt = 0; attempt < 200; ++attempt) {
    port_ = random_port();
    fd_ = bound(family, port_);
    // Two sockets may be bound to one port with SO_REUSEADDR, but only one may listen.
    if (fd_ && listen(fd_.get(), backlog) == 0) return;
  }
  throw std::runtime_error{"no free port"};
}

std::optional<Listener> Listener::twin() const {
  auto fd = bound(Family::ipv6, port_);
  if (!fd || listen(fd.get(), 64) != 0) return std::nullopt;
  return Listener{std::move(fd), port_};
}

Descriptor Listener::accept() const {
  Descriptor fd{accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  const int on = 1;
  if (fd) setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

BlackHole::BlackHole() : listener_(Family::ipv4, 0) {
  // Each connection that is made takes a place; the first that is not made has found none.
  for (int attempt = 0; attempt < 16; ++attempt) {
    Descriptor fd{
        checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")};
    const auto address = loopback(listener_.port());
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      pollfd made{fd.get(), POLLOUT, 0};
      if (poll(&made, 1, 100) == 0) return;
    }
    waiting_.push_back(std::move(fd));
  }
  throw std::runtime_error{"the queue of connections never fills"};
}

bool BlackHole::has_caller() const {
  // A line of this table: local address, remote address, state; 02 is SYN_SENT.
  char address[32];
  std::snprintf(address, sizeof address, " 0100007F:%04X 02 ", port());
  return read_file("/proc/net/tcp").find(address) != std::string::npos;
}

Descriptor connect_to(int port) {
  Descriptor fd{checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")};
  const auto address = loopback(port);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Descriptor{};
  }
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  set_nonblocking(fd.get());
  return fd;
}

void reset(Descriptor& fd) {
  const linger at_once{1, 0};
  if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.close();
}

}  // namespace mqtt_tools::support
