// SPDX-License-Identifier: MIT

// Stands in front of Paho C without touching it. Its library reaches poll(), usleep(), recv() and
// the others below through its PLT, and a definition in the executable comes first when symbols are
// looked up. So linking this file is enough. Only calls that come out of Paho's own code are
// served; everyone else's go straight on.
//
// Always: what the server sends is checked and WebSocket put in order (socket.hpp), the server of
// TLS is verified (tls_handshake.hpp), and nothing waits for Nagle's algorithm. Unless they are
// left out of the build or switched off, Paho's waits are shortened (waits.hpp), too:
//
//   in Paho 1.3                                          without            with
//   sleeps 100 ms when no socket was ready               connect 11|111 ms  < 1 ms
//   while connecting it waits for input only             10 ms, later 1 s   0
//   a short write goes on after its poll timed out       1.1 s for each     at once
//   what waits behind a short write is not woken by it   up to 1 s more     at once
//   deaf for 100 ms after each second of silence         late messages      < 1 ms
//   broker's Nagle waits for our delayed ACK             40 ms steps        0
//   a segment for each packet of a burst (TCP_NODELAY)   3 µs CPU more      none more
//   five system calls for a packet                                          < 1 in a burst
//   woken for nearly each packet of a fast stream        4 to 9 µs CPU each 3.5 µs
//
// A Paho that waits in another way is not hit.

// In a hardened build the headers define wrappers of the same names.
#undef _FORTIFY_SOURCE

#include "connection/hooks/hooks.hpp"
#include "connection/hooks/socket.hpp"
#include "connection/hooks/tls_handshake.hpp"
#include "connection/hooks/waits.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection::hooks {
namespace {

using State = Socket::State;

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

/// Empty when Paho is not a shared library: then its calls could not be told from ours.
Code find_code() {
  Code code;
  code.begin = reinterpret_cast<std::uintptr_t>(::dlsym(RTLD_NEXT, "MQTTAsync_create"));
  if (code.begin == 0 || ::dl_iterate_phdr(find_segment, &code) == 0) return {};
  return code;
}

template <typename Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// glibc before 2.36 gives the oldest of several versions, which has other condition variables than
/// those that Paho uses. Where there is no such version there is only one.
template <typename Function>
Function* next(Function* function, const char* name, const char* version) {
  auto* const found = reinterpret_cast<Function*>(::dlvsym(RTLD_NEXT, name, version));
  return found != nullptr ? found : next(function, name);
}

// In place of a function that was not found: Paho still calls it.

int sleep_without_usleep(useconds_t microseconds) {
  const timespec time{static_cast<time_t>(microseconds / 1'000'000),
                      static_cast<long>(microseconds % 1'000'000) * 1000};
  return ::nanosleep(&time, nullptr);
}

int wait_without_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* limit) {
  return ::pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, limit);
}

/// The functions that the ones below stand in front of, and whose calls are served.
struct RealFunctions {
  decltype(&::socket) socket = next(&::socket, "socket");
  decltype(&::connect) connect = next(&::connect, "connect");
  decltype(&::getsockopt) getsockopt = next(&::getsockopt, "getsockopt");
  decltype(&::close) close = next(&::close, "close");
  decltype(&::poll) poll = next(&::poll, "poll");
  decltype(&::usleep) usleep = next(&::usleep, "usleep");
  decltype(&::recv) recv = next(&::recv, "recv");
  decltype(&::writev) writev = next(&::writev, "writev");
  decltype(&::shutdown) shutdown = next(&::shutdown, "shutdown");
  decltype(&::pthread_cond_timedwait) cond_timedwait =
      next(&::pthread_cond_timedwait, "pthread_cond_timedwait", "GLIBC_2.3.2");
  decltype(&::SSL_connect) ssl_connect = next(&::SSL_connect, "SSL_connect");
  decltype(&::SSL_read) ssl_read = next(&::SSL_read, "SSL_read");
  decltype(&::SSL_pending) ssl_pending = next(&::SSL_pending, "SSL_pending");
  decltype(&::SSL_write) ssl_write = next(&::SSL_write, "SSL_write");
  decltype(&::SSL_shutdown) ssl_shutdown = next(&::SSL_shutdown, "SSL_shutdown");
  Code paho = find_code();

  RealFunctions() {
    [[maybe_unused]] const bool possible =
        guards() && usleep != nullptr && cond_timedwait != nullptr;
    if (usleep == nullptr) usleep = sleep_without_usleep;
    if (cond_timedwait == nullptr) cond_timedwait = wait_without_timedwait;
#ifdef MQTT_TOOLS_FAST_IO
    short_waits = !short_waits_wanted() ? ShortWaits::switched_off
                  : possible            ? ShortWaits::in_effect
                                        : ShortWaits::impossible;
#endif
  }

  /// All is there that must be for nothing to come past the guard.
  bool guards() const {
    return paho.begin != 0 && socket != nullptr && connect != nullptr && getsockopt != nullptr &&
           close != nullptr && poll != nullptr && recv != nullptr && writev != nullptr &&
           shutdown != nullptr && ssl_connect != nullptr && ssl_read != nullptr &&
           ssl_pending != nullptr && ssl_write != nullptr && ssl_shutdown != nullptr;
  }
};

const RealFunctions& real() {
  static const RealFunctions found;
  return found;
}

bool shortened(const void* caller) { return waits_shortened() && is_in_paho(caller); }

/// The socket behind `descriptor` when Paho calls, else nothing.
Socket* served(const void* caller, int descriptor) {
  return is_in_paho(caller) ? Socket::find(descriptor) : nullptr;
}

std::atomic<int> last_closed{-1};

/// `descriptor`, or the same socket under another number: Paho's receive thread may still be busy
/// with the socket that was closed last, and would take one with its number for it.
int with_new_number(int descriptor) {
  if (descriptor < 0 || descriptor != last_closed) return descriptor;
  const int other = ::fcntl(descriptor, F_DUPFD_CLOEXEC, descriptor + 1);
  if (other < 0) return descriptor;
  real().close(descriptor);
  return other;
}

/// connect(2) gave errno `error` at once or later, or 0.
void note_connect(Socket& socket, int error) {
  const auto record = socket.record();
  if (!record) return;
  record->note_error(error);
  if (error == 0) record->note([](ConnectionFacts& facts) { facts.connected = true; });
}

/// connect(2) for a socket of Paho's, from and to where its record says.
int connect_as_recorded(Socket& socket, int descriptor, const sockaddr* address, socklen_t size) {
  const auto record = socket.record();
  if (!record) return real().connect(descriptor, address, size);
  if (const int error = prepare_connect(descriptor, *record); error != 0) {
    record->note([](ConnectionFacts& facts) { facts.bound = false; });
    errno = error;
    return -1;
  }
  const auto& to = record->address();
  return to.size == 0 ? real().connect(descriptor, address, size)
                      : real().connect(descriptor, to.get(), to.size);
}

/// What came and Paho has not read: a server may say why it closes.
void note_unread(Socket& socket, int descriptor) {
  const auto record = socket.record();
  if (!record || !record->is_observed() || socket.state() == State::tls) return;
  std::array<char, 256> bytes{};
  const auto count = real().recv(descriptor, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  record->note_read(socket.request(), bytes.data(), count, errno);
}

void note_result(Socket* socket, const SSL* ssl, int result) {
  if (socket == nullptr) return;
  if (const auto record = socket->record()) note_result(ssl, result, *record);
}

/// Writes what Paho does not: see Socket::own_packet().
template <typename Write>
void write_own_with(const Write& write, Socket& socket) {
  const auto packet = socket.own_packet();
  if (packet.empty()) return;
  const auto lock = socket.record()->lock();
  socket.dense_writes(Clock::now());
  if (write(packet.data(), packet.size()) > 0) socket.note_sent(packet);
}

void write_own(Socket& socket, int descriptor) {
  const auto write = [descriptor](const char* bytes, std::size_t size) {
    return ::send(descriptor, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  };
  write_own_with(write, socket);
}

void write_own(Socket& socket, SSL* ssl) {
  const auto write = [ssl](const char* bytes, std::size_t size) {
    return real().ssl_write(ssl, bytes, static_cast<int>(size));
  };
  write_own_with(write, socket);
}

[[maybe_unused]] const bool registered = (
    find_paho = [] { return real().guards(); }, true);

/// Writes `parts` for Paho by `write`, writev(2) or one that gives what that does. When it wrote
/// nothing, `failed` is told what it gave, and its errno, and gives the errno for Paho.
template <typename Write, typename Failed>
ssize_t write_for_paho(Socket& socket, int descriptor, std::span<const iovec> parts,
                       const Write& write, const Failed& failed) {
  std::size_t wanted = 0;
  for (const auto& part : parts) wanted += part.iov_len;
  auto lock = socket.begin_write();
  if (!lock) {
    // After a violation Paho must not take a message of QoS 0 for sent; of a connection that was
    // given up nobody asks.
    if (!socket.refused()) return static_cast<ssize_t>(wanted);
    ERR_raise(ERR_LIB_SYS, EPIPE);  // Else OpenSSL says that a write under way is to go on.
    errno = EPIPE;
    return -1;
  }
  if (!socket.dense_writes(Clock::now()) && waits_shortened()) waits::gather_write(descriptor);
  const ssize_t result = write();
  int error = errno;
  auto left = static_cast<std::size_t>(std::max<ssize_t>(result, 0));
  for (auto part = parts.begin(); left > 0; ++part) {
    const auto size = std::min(left, part->iov_len);
    socket.note_sent({static_cast<const char*>(part->iov_base), size});
    left -= size;
  }
  lock.reset();
  if (result <= 0) error = failed(static_cast<int>(result), error);
  waits::note_write(socket, result >= 0 && static_cast<std::size_t>(result) == wanted);
  errno = error;
  return result;
}

}  // namespace

bool is_in_paho(const void* caller) { return real().paho.contains(caller); }

}  // namespace mqtt_tools::connection::hooks

using namespace mqtt_tools::connection::hooks;

// Exported whatever the build's default visibility: Paho's library must find them.
#pragma GCC visibility push(default)
extern "C" {

int socket(int domain, int type, int protocol) noexcept {
  if (!is_in_paho(__builtin_return_address(0))) return real().socket(domain, type, protocol);
  const int descriptor = with_new_number(real().socket(domain, type | SOCK_CLOEXEC, protocol));
  if (descriptor < 0) expected_record()->note_error(errno);
  if (descriptor < 0 || Socket::open(descriptor, expected_record()) != nullptr) return descriptor;
  real().close(descriptor);
  errno = EMFILE;
  return -1;
}

int connect(int descriptor, const sockaddr* address, socklen_t size) {
  auto* stream = served(__builtin_return_address(0), descriptor);
  if (stream == nullptr) return real().connect(descriptor, address, size);
  const int result = connect_as_recorded(*stream, descriptor, address, size);
  if (stream->state() == State::fresh) {
    if (result == 0 || errno == EINPROGRESS) stream->enter(State::connecting);
    if (result == 0 || errno != EINPROGRESS) note_connect(*stream, result == 0 ? 0 : errno);
    if (waits_shortened()) waits::wake_receiver();
  }
  return result;
}

int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) noexcept {
  const int result = real().getsockopt(descriptor, level, name, value, size);
  auto* stream = served(__builtin_return_address(0), descriptor);
  const bool outcome = level == SOL_SOCKET && name == SO_ERROR;
  if (stream != nullptr && result == 0 && outcome && *size == sizeof(int)) {
    note_connect(*stream, *static_cast<const int*>(value));
  }
  return result;
}

int close(int descriptor) {
  if (auto* stream = served(__builtin_return_address(0), descriptor)) {
    note_unread(*stream, descriptor);
    stream->await_end();
    stream->enter(State::unused);
    last_closed = descriptor;
    if (waits_shortened()) waits::wake_receiver();
  }
  return real().close(descriptor);
}

int poll(pollfd* sockets, nfds_t number, int milliseconds) {
  const void* const caller = __builtin_return_address(0);
  if (!is_in_paho(caller)) return real().poll(sockets, number, milliseconds);
  const auto ready = waits_shortened() ? waits::poll(sockets, number, milliseconds) : std::nullopt;
  return waits::tell_of_slow(
      sockets, number,
      ready ? *ready : waits::poll_with_held(real().poll, sockets, number, milliseconds));
}

int usleep(useconds_t microseconds) {
  const bool nap = microseconds == waits::nap_of_paho && shortened(__builtin_return_address(0));
  return nap ? waits::nap() : real().usleep(microseconds);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* limit) {
  return shortened(__builtin_return_address(0))
             ? waits::wait_to_send(real().cond_timedwait, condition, mutex, limit)
             : real().cond_timedwait(condition, mutex, limit);
}

ssize_t recv(int descriptor, void* bytes, size_t size, int flags) {
  auto* stream = served(__builtin_return_address(0), descriptor);
  if (stream == nullptr || size == 0) return real().recv(descriptor, bytes, size, flags);
  if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) != 0) {
    errno = EINVAL;  // To peek or to wait for all would come past the guard; Paho does neither.
    return -1;
  }
  const auto source = [descriptor, flags](char* to, std::size_t most) {
    return real().recv(descriptor, to, most, flags);
  };
  const auto count = stream->read(source, bytes, size);
  if (count >= 0 && stream->has_own_packet()) write_own(*stream, descriptor);
  return count;
}

ssize_t writev(int descriptor, const iovec* parts, int number) {
  auto* stream = served(__builtin_return_address(0), descriptor);
  if (stream == nullptr) return real().writev(descriptor, parts, number);
  return write_for_paho(
      *stream, descriptor, {parts, static_cast<std::size_t>(number)},
      [&] { return real().writev(descriptor, parts, number); },
      [stream](int result, int error) {
        if (result >= 0) return error;
        if (const auto record = stream->record()) record->note_error(error);
        return stream->closed_unread(error) ? EAGAIN : error;
      });
}

int shutdown(int descriptor, int how) noexcept {
  auto* stream = served(__builtin_return_address(0), descriptor);
  if (stream != nullptr && stream->state() != State::tls) write_own(*stream, descriptor);
  return real().shutdown(descriptor, how);
}

int SSL_connect(SSL* ssl) {
  auto* stream = served(__builtin_return_address(0), ::SSL_get_fd(ssl));
  if (stream != nullptr && stream->refused()) return -1;  // It spoke first, behind a proxy.
  if (stream != nullptr && stream->state() != State::tls) stream->enter(State::tls);
  if (!prepare_handshake(ssl, stream != nullptr ? stream->record() : nullptr)) return -1;
  const int result = real().ssl_connect(ssl);
  note_result(stream, ssl, result);
  return result;
}

int SSL_read(SSL* ssl, void* bytes, int size) {
  auto* stream = served(__builtin_return_address(0), ::SSL_get_fd(ssl));
  if (stream == nullptr || size <= 0) return real().ssl_read(ssl, bytes, size);
  const auto source = [ssl, record = stream->record()](char* to, std::size_t most) {
    const int result = real().ssl_read(ssl, to, static_cast<int>(most));
    if (result <= 0) note_result(ssl, result, *record);
    if (result < 0) errno = BIO_should_retry(::SSL_get_rbio(ssl)) ? EAGAIN : ECONNRESET;
    return static_cast<ssize_t>(result);
  };
  const auto count = stream->read(source, bytes, static_cast<std::size_t>(size));
  if (count >= 0 && stream->has_own_packet()) write_own(*stream, ssl);
  return static_cast<int>(count);
}

/// Paho asks whether poll(2) would not tell of all that has come.
int SSL_pending(const SSL* ssl) {
  const int pending = real().ssl_pending(ssl);
  const auto* stream = served(__builtin_return_address(0), ::SSL_get_fd(ssl));
  return stream == nullptr ? pending : pending + static_cast<int>(stream->held());
}

int SSL_write(SSL* ssl, const void* bytes, int size) {
  auto* stream = served(__builtin_return_address(0), ::SSL_get_fd(ssl));
  if (stream == nullptr || size <= 0) return real().ssl_write(ssl, bytes, size);
  const iovec whole{const_cast<void*>(bytes), static_cast<std::size_t>(size)};
  return static_cast<int>(write_for_paho(
      *stream, ::SSL_get_fd(ssl), {&whole, 1}, [&] { return real().ssl_write(ssl, bytes, size); },
      [&](int result, int error) {
        note_result(stream, ssl, result);
        auto* const bio = ::SSL_get_wbio(ssl);
        if (BIO_should_retry(bio)) return error;
        const bool pending = real().ssl_pending(ssl) > 0;
        if (stream->closed_unread(error, pending)) {
          ::BIO_set_retry_write(bio);  // OpenSSL says "later" where its BIO does.
        } else {
          note_unread(ssl, *stream->record());
        }
        return error;
      }));
}

int SSL_shutdown(SSL* ssl) {
  auto* stream = served(__builtin_return_address(0), ::SSL_get_fd(ssl));
  if (stream != nullptr) write_own(*stream, ssl);
  return real().ssl_shutdown(ssl);
}

}  // extern "C"
#pragma GCC visibility pop
