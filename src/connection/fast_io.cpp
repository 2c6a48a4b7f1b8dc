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
//   packets and frames of WebSocket in step, or lost     late, or lost      whole and at once
//
// Only calls that come out of Paho's own code are served; everyone else's go straight on. A Paho
// that waits in another way is not hit. MQTT_TOOLS_FAST_IO=0 in the environment switches all off.

// In a hardened build the headers define wrappers of the same names.
#undef _FORTIFY_SOURCE

#include "connection/fast_io.hpp"
#include "connection/paho_socket.hpp"

#include <dlfcn.h>
#include <link.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

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
  const char* wish = std::getenv("MQTT_TOOLS_FAST_IO");
  if (wish != nullptr && std::strcmp(wish, "0") == 0) return {};

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

/// Ends a wait of Paho's receiving thread.
class Bell {
 public:
  int descriptor() const { return descriptor_; }

  void ring() const {
    const int error = errno;
    ::eventfd_write(descriptor_, 1);
    errno = error;
  }

  void silence() const {
    eventfd_t count = 0;
    ::eventfd_read(descriptor_, &count);
  }

 private:
  int descriptor_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
};

const Bell& bell() {
  static const Bell one;
  return one;
}

void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

/// Where Paho's sending thread waits for something to send. Guarded by its mutex, but for what is
/// atomic.
struct Desk {
  std::atomic<pthread_cond_t*> condition{nullptr};
  std::atomic<pthread_mutex_t*> mutex{nullptr};
  bool news = false;

  int wait(pthread_cond_t* on, pthread_mutex_t* guard, const timespec* limit) {
    mutex = guard;
    condition = on;
    if (!news) {
      const int result = world().cond_timedwait(on, guard, limit);
      if (!news) return result;
    }
    news = false;
    return 0;
  }

  /// News that come before it waits are not lost.
  void call() {
    auto* const on = condition.load();
    if (on == nullptr) return;  // never waited: it will look by itself before it does
    ::pthread_mutex_lock(mutex);
    news = true;
    ::pthread_cond_signal(on);
    ::pthread_mutex_unlock(mutex);
    count(fast_io.senders_woken);
  }
};
constinit Desk desk;

/// What a thread of Paho's did last.
struct Habits {
  bool unblocked = false;    ///< It ended a short write; what waits behind that is to be woken.
  bool established = false;  ///< A socket that was connecting has just been found writable.
  bool waited = false;       ///< It waited for its sockets: the nap that follows is superfluous.
  bool napped = false;       ///< The last wait was followed by a nap: nothing came of it.
  unsigned fruitless = 0;    ///< Waits in a row of which nothing came.
  unsigned naps = 0;         ///< Naps in a row, without sockets to wait for.
};
thread_local Habits habits;

constexpr int nap_of_paho = 100'000;  // µs, MQTTAsync_sleep(100)
constexpr nfds_t most_sockets = 16;   // more at once are left to Paho

int wait(pollfd* sockets, nfds_t number, int milliseconds) {
  const timespec limit{milliseconds / 1000, milliseconds % 1000 * 1'000'000L};
  return ::ppoll(sockets, number, &limit, nullptr);
}

bool all_known(const pollfd* sockets, nfds_t number, int events) {
  return number > 0 && number <= most_sockets &&
         std::all_of(sockets, sockets + number, [events](const pollfd& socket) {
           const auto* stream = PahoSocket::find(socket.fd);
           return socket.events == events && stream && stream->state() != State::unknown;
         });
}

/// Paho asks, at the start of each cycle, which sockets can be written to. One in use whose last
/// write was whole can, as far as Paho wants to know.
int find_writable(pollfd* sockets, nfds_t number) {
  int ready = 0;
  habits.established = false;
  for (auto* socket = sockets; socket != sockets + number; ++socket) {
    const auto& stream = *PahoSocket::find(socket->fd);
    const auto state = stream.state();
    socket->revents = 0;
    if (state == State::fresh) continue;  // before connect(2) the kernel calls it writable
    if (state != State::connecting && !stream.blocked()) {
      socket->revents = POLLOUT;
      count(fast_io.polls_saved);
    } else {
      world().poll(socket, 1, 0);
      if (state == State::connecting && socket->revents != 0) habits.established = true;
    }
    if (socket->revents != 0) ++ready;
  }
  return ready;
}

/// Paho waits for input. It is woken for all else it should act upon, too: it finds out by itself.
int wait_for_input(pollfd* sockets, nfds_t number, int milliseconds) {
  if (!habits.napped) habits.fruitless = 0;
  habits.waited = true;
  habits.napped = false;
  habits.naps = 0;

  std::array<pollfd, most_sockets + 1> asked{};
  int ready = 0;
  for (nfds_t i = 0; i < number; ++i) {
    const auto& stream = *PahoSocket::find(sockets[i].fd);
    const auto state = stream.state();
    sockets[i].revents = 0;
    asked[i] = {sockets[i].fd, POLLIN, 0};
    if (state == State::fresh) {
      asked[i].fd = -1;
    } else if (state == State::connecting) {
      asked[i].events = POLLIN | POLLOUT;
    } else if (stream.blocked()) {
      asked[i].events = POLLOUT;
    } else if (stream.holds_bytes()) {
      sockets[i].revents = POLLIN;
      ++ready;
    } else {
      // Else a broker that waits for our acknowledgement (Nagle) gets it 40 ms later. The kernel
      // forgets this again, so it is said before each wait.
      const int on = 1;
      ::setsockopt(sockets[i].fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    }
  }
  if (ready == 1 && number == 1) {
    count(fast_io.polls_saved);
    return 1;
  }

  const bool at_once = ready > 0 || habits.established;
  asked[number] = {bell().descriptor(), POLLIN, 0};
  const int result = wait(asked.data(), number + 1, at_once ? 0 : milliseconds);
  if (result < 0) return result;
  if (result == 0 && !at_once) habits.fruitless = 0;
  if (asked[number].revents != 0) bell().silence();

  ready = 0;
  for (nfds_t i = 0; i < number; ++i) {
    sockets[i].revents = static_cast<short>(sockets[i].revents | (asked[i].revents & ~POLLOUT));
    if (sockets[i].revents != 0) ++ready;
  }
  return ready;
}

/// Paho sleeps when no socket was ready, and when it waits for its threads to end.
int nap() {
  count(fast_io.waits_removed);
  if (habits.waited) {
    habits.waited = false;
    habits.napped = true;
    // Should Paho not act upon what it was woken for, it must not eat the processor.
    constexpr unsigned patience = 100;
    return ++habits.fruitless > patience ? world().usleep(1'000) : 0;
  }
  // Not shorter on the whole than Paho's own: it gives its threads a hundred naps to end.
  pollfd news{bell().descriptor(), POLLIN, 0};
  const int milliseconds = std::min(1 << std::min(habits.naps++, 7U), nap_of_paho / 1'000);
  if (wait(&news, 1, milliseconds) > 0) bell().silence();
  return 0;
}

/// Paho wrote to `stream`.
void note_write(PahoSocket& stream, bool whole) {
  if (whole && stream.blocked()) habits.unblocked = true;
  stream.wrote(whole);
  if (!whole) bell().ring();
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
    bell().ring();
  }
  return result;
}

int close(int descriptor) {
  if (auto* stream = served(__builtin_return_address(0), descriptor);
      stream != nullptr && stream->state() != State::unknown) {
    stream->enter(State::unknown);
    bell().ring();
  }
  return world().close(descriptor);
}

int poll(pollfd* sockets, nfds_t number, int milliseconds) {
  if (world().paho.contains(__builtin_return_address(0))) {
    // Not before: only now Paho itself knows that the write is over.
    if (std::exchange(habits.unblocked, false)) desk.call();
    if (milliseconds == 0 && all_known(sockets, number, POLLOUT)) {
      return find_writable(sockets, number);
    }
    if (milliseconds > 0 && all_known(sockets, number, POLLIN | POLLNVAL)) {
      return wait_for_input(sockets, number, milliseconds);
    }
  }
  return world().poll(sockets, number, milliseconds);
}

int usleep(useconds_t microseconds) {
  const bool ours = world().paho.contains(__builtin_return_address(0));
  return ours && microseconds == nap_of_paho ? nap() : world().usleep(microseconds);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* limit) {
  return world().paho.contains(__builtin_return_address(0))
             ? desk.wait(condition, mutex, limit)
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
    note_write(*stream, result >= 0 && static_cast<std::size_t>(result) == wanted);
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
      note_write(*stream, result == size);
    }
    errno = error;
  }
  return result;
}

}  // extern "C"
#pragma GCC visibility pop
