// SPDX-License-Identifier: MIT

// Makes Paho C event driven without touching it. Its library reaches poll(), usleep(), recv() and
// the others below through its PLT, and a definition in the executable comes first when symbols are
// looked up. So linking this file is enough; without it everything works as Paho made it:
//
//   in Paho 1.3                                          without            with this file
//   sleeps 100 ms when no socket was ready               connect 11|111 ms  < 1 ms
//   while connecting it waits for input only             10 ms, later 1 s   0
//   a short write goes on after its poll timed out       1.1 s for each     at once
//   what waits behind a short write is not woken by it   up to 1 s more     at once
//   deaf for 100 ms after each second of silence         late messages      < 1 ms
//   broker's Nagle waits for our delayed ACK             40 ms steps        0
//   five system calls for a packet                                          < 1 in a burst
//   woken for nearly each packet of a fast stream        4 to 9 µs CPU each 3.5 µs
//   packets and frames of WebSocket in step, or lost     late, or lost      whole and at once
//
// Only calls that come out of Paho's own code are served (by paho_waits.hpp and paho_socket.hpp);
// everyone else's go straight on. A Paho that waits in another way is not hit. MQTT_TOOLS_FAST_IO=0
// in the environment switches all off.

// In a hardened build the headers define wrappers of the same names.
#undef _FORTIFY_SOURCE

#include "connection/hooks/hooks.hpp"
#include "connection/hooks/socket.hpp"
#include "connection/hooks/waits.hpp"

#include <dlfcn.h>
#include <link.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>

#include <openssl/ssl.h>

namespace mqtt_tools::connection {
namespace {

using State = PahoSocket::State;

/// The memory that holds Paho's code.
struct Code {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  bool contains(const void* address) const {
    const auto place = reinterpret_cast<std::uintptr_t>(address);
    return place >= begin && place < end;
  }
};

int find_segment(dl_phdr_info* object, std::size_t, void* argument) {
  auto& code = *static_cast<Code*>(argument);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    const Code candidate{object->dlpi_addr + segment.p_vaddr,
                         object->dlpi_addr + segment.p_vaddr + segment.p_memsz};
    if (segment.p_type == PT_LOAD && candidate.begin <= code.begin && code.begin < candidate.end) {
      code = candidate;
      return 1;
    }
  }
  return 0;
}

/// Empty when switched off, and when Paho is not a shared library: then its calls could not be told
/// from ours.
Code find_paho() {
  if (!fast_io_wanted()) return {};

  Code code;
  code.begin = reinterpret_cast<std::uintptr_t>(::dlsym(RTLD_NEXT, "MQTTAsync_create"));
  if (code.begin == 0 || ::dl_iterate_phdr(find_segment, &code) == 0) return {};
  fast_io.active = true;
  return code;
}

template <typename Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// The functions that the ones below stand in front of, and whose calls are served.
struct World {
  decltype(&::socket) socket = next(&::socket, "socket");
  decltype(&::connect) connect = next(&::connect, "connect");
  decltype(&::close) close = next(&::close, "close");
  decltype(&::poll) poll = next(&::poll, "poll");
  decltype(&::usleep) usleep = next(&::usleep, "usleep");
  decltype(&::recv) recv = next(&::recv, "recv");
  decltype(&::writev) writev = next(&::writev, "writev");
  decltype(&::pthread_cond_timedwait) cond_timedwait =
      next(&::pthread_cond_timedwait, "pthread_cond_timedwait");
  decltype(&::SSL_connect) ssl_connect = next(&::SSL_connect, "SSL_connect");
  decltype(&::SSL_read) ssl_read = next(&::SSL_read, "SSL_read");
  decltype(&::SSL_pending) ssl_pending = next(&::SSL_pending, "SSL_pending");
  decltype(&::SSL_write) ssl_write = next(&::SSL_write, "SSL_write");
  Code paho = find_paho();
};

const World& world() {
  static const World found;
  return found;
}

/// The stream behind `descriptor` when Paho calls, else nothing.
PahoSocket* served(const void* caller, int descriptor) {
  return world().paho.contains(caller) ? PahoSocket::find(descriptor) : nullptr;
}

}  // namespace
}  // namespace mqtt_tools::connection

using namespace mqtt_tools::connection;

// Exported whatever the build's default visibility: Paho's library must find them.
#pragma GCC visibility push(default)
extern "C" {

int socket(int domain, int type, int protocol) noexcept {
  const bool ours = world().paho.contains(__builtin_return_address(0));
  const int descriptor = world().socket(domain, ours ? type | SOCK_CLOEXEC : type, protocol);
  if (ours && type == SOCK_STREAM && (domain == AF_INET || domain == AF_INET6)) {
    if (auto* stream = PahoSocket::find(descriptor)) stream->enter(State::fresh);
  }
  return descriptor;
}

int connect(int descriptor, const sockaddr* address, socklen_t size) {
  const int result = world().connect(descriptor, address, size);
  auto* stream = served(__builtin_return_address(0), descriptor);
  if (stream != nullptr && stream->state() == State::fresh) {
    if (result == 0 || errno == EINPROGRESS) stream->enter(State::connecting);
    waits::wake_receiver();
  }
  return result;
}

int close(int descriptor) {
  if (auto* stream = served(__builtin_return_address(0), descriptor);
      stream != nullptr && stream->state() != State::unknown) {
    stream->enter(State::unknown);
    waits::wake_receiver();
  }
  return world().close(descriptor);
}

int poll(pollfd* sockets, nfds_t number, int milliseconds) {
  if (world().paho.contains(__builtin_return_address(0))) {
    if (const auto ready = waits::poll(sockets, number, milliseconds)) return *ready;
  }
  return world().poll(sockets, number, milliseconds);
}

int usleep(useconds_t microseconds) {
  const bool ours = world().paho.contains(__builtin_return_address(0));
  return ours && microseconds == waits::nap_of_paho ? waits::nap() : world().usleep(microseconds);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* limit) {
  return world().paho.contains(__builtin_return_address(0))
             ? waits::wait_to_send(world().cond_timedwait, condition, mutex, limit)
             : world().cond_timedwait(condition, mutex, limit);
}

ssize_t recv(int descriptor, void* bytes, size_t size, int flags) {
  auto* stream = served(__builtin_return_address(0), descriptor);
  if (stream != nullptr && stream->state() == State::plain && size > 0 && flags == 0) {
    return stream->read(descriptor, bytes, size);
  }
  return world().recv(descriptor, bytes, size, flags);
}

ssize_t writev(int descriptor, const iovec* parts, int number) {
  const auto result = world().writev(descriptor, parts, number);
  auto* stream = served(__builtin_return_address(0), descriptor);
  if (stream != nullptr && stream->state() != State::unknown) {
    std::size_t wanted = 0;
    for (int i = 0; i < number; ++i) wanted += parts[i].iov_len;
    waits::note_write(*stream, result >= 0 && static_cast<std::size_t>(result) == wanted);
  }
  return result;
}

int SSL_connect(SSL* ssl) {
  const void* const caller = __builtin_return_address(0);
  if (world().paho.contains(caller)) {
    auto* stream = PahoSocket::find(::SSL_get_fd(ssl));
    if (stream != nullptr && stream->state() != State::unknown && stream->state() != State::tls) {
      stream->enter(State::tls);
    }
  }
  return world().ssl_connect(ssl);
}

int SSL_read(SSL* ssl, void* bytes, int size) {
  auto* stream = served(__builtin_return_address(0), ::SSL_get_fd(ssl));
  if (stream == nullptr || stream->state() != State::tls || size <= 0) {
    return world().ssl_read(ssl, bytes, size);
  }
  const auto decrypt = [ssl](char* to, std::size_t most) {
    return world().ssl_read(ssl, to, static_cast<int>(most));
  };
  return stream->read_decrypted(decrypt, bytes, static_cast<std::size_t>(size));
}

/// Paho asks whether poll(2) would not tell of all that has come.
int SSL_pending(const SSL* ssl) {
  const int pending = world().ssl_pending(ssl);
  const auto* stream = served(__builtin_return_address(0), ::SSL_get_fd(ssl));
  return stream != nullptr && stream->state() == State::tls
             ? pending + static_cast<int>(stream->held())
             : pending;
}

int SSL_write(SSL* ssl, const void* bytes, int size) {
  const int result = world().ssl_write(ssl, bytes, size);
  if (world().paho.contains(__builtin_return_address(0))) {
    const int error = errno;
    auto* stream = PahoSocket::find(::SSL_get_fd(ssl));
    if (stream != nullptr && stream->state() == State::tls) {
      waits::note_write(*stream, result == size);
    }
    errno = error;
  }
  return result;
}

}  // extern "C"
#pragma GCC visibility pop
