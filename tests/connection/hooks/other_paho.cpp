// SPDX-License-Identifier: MIT
#include "connection/hooks/other_paho.hpp"

#include <sys/uio.h>

#pragma GCC visibility push(default)

/// By this name the hooks find the library whose calls they serve.
extern "C" int MQTTAsync_create() { return 0; }

namespace other_paho {

int look_up(const char* host, const char* port, addrinfo** found) {
  addrinfo hints{};
  hints.ai_flags = AI_ADDRCONFIG;
  hints.ai_socktype = SOCK_STREAM;
  return ::getaddrinfo(host, port, &hints, found);
}

int open_socket(int family) { return ::socket(family, SOCK_STREAM, 0); }

int connect_socket(int fd, const sockaddr* address, socklen_t size) {
  return ::connect(fd, address, size);
}

int close_socket(int fd) { return ::close(fd); }

ssize_t receive(int fd, void* bytes, std::size_t size, int flags) {
  return ::recv(fd, bytes, size, flags);
}

ssize_t write(int fd, const void* bytes, std::size_t size) {
  const iovec part{const_cast<void*>(bytes), size};
  return ::writev(fd, &part, 1);
}

int wait_for(pollfd* sockets, nfds_t number, int milliseconds) {
  return ::poll(sockets, number, milliseconds);
}

int sleep_for(useconds_t microseconds) { return ::usleep(microseconds); }

int wait_on(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* limit) {
  return ::pthread_cond_timedwait(condition, mutex, limit);
}

}  // namespace other_paho
#pragma GCC visibility pop
