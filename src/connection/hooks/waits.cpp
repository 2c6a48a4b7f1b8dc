// SPDX-License-Identifier: MIT
#include "connection/hooks/waits.hpp"

#include "connection/hooks/hooks.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace mqtt_tools::connection::hooks {

// Not in hooks.cpp: others ask for these also in a program without it, as the unit tests are.

constinit Counters counters;

// Constant initialisation: hooks.cpp sets it before main(), maybe before this file's turn comes.
bool (*find_paho)() = nullptr;

bool in_effect() {
  static const bool found = find_paho != nullptr && find_paho();
  return found;
}

constinit std::atomic<ShortWaits> short_waits{ShortWaits::not_built};

const char* short_waits_message() {
  (void)in_effect();
  switch (short_waits) {
    case ShortWaits::in_effect:
      return "shortened";
    case ShortWaits::switched_off:
      return "not shortened: MQTT_TOOLS_FAST_IO=0";
    case ShortWaits::impossible:
      return "not shortened: not all functions that this needs were found";
    case ShortWaits::not_built:
      break;
  }
  return "not shortened: not in this build";
}

bool short_waits_wanted() {
  const char* const wish = std::getenv("MQTT_TOOLS_FAST_IO");
  return wish == nullptr || std::strcmp(wish, "0") != 0;
}

}  // namespace mqtt_tools::connection::hooks

namespace mqtt_tools::connection::hooks::waits {

using namespace std::chrono_literals;

namespace {

using State = Socket::State;

/// Ends a wait of Paho's receive thread. Any thread writes to it; only that one reads.
int receiver_event() {
  static const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return descriptor;
}

void clear_receiver_event() {
  eventfd_t count = 0;
  ::eventfd_read(receiver_event(), &count);
}

/// Where Paho's sending thread waits for something to send, woken there without delay. There is one
/// in the process, as there is one such thread.
class SenderWakeup {
 public:
  /// For pthread_cond_timedwait(), which is `real`. The sending thread; it holds `mutex`.
  int wait(TimedWait* real, pthread_cond_t* condition, pthread_mutex_t* mutex,
           const timespec* limit) {
    // The first to wait here is the sending thread. Should Paho wait for more than one thing, the
    // others are left to it.
    if (condition_.load() == nullptr) {
      mutex_ = mutex;
      condition_ = condition;
    }
    if (condition_.load() != condition) return real(condition, mutex, limit);
    waits_ = true;
    int result = woken_ ? 0 : real(condition, mutex, limit);
    while (held_) {
      kept_ = true;
      ::pthread_cond_wait(condition, mutex);
    }
    waits_ = kept_ = false;
    if (std::exchange(woken_, false)) result = 0;
    return result;
  }

  /// Keeps the sending thread in its wait until release(); false when it is busy. Only the receive
  /// thread calls it.
  bool hold() {
    if (condition_.load() == nullptr) return true;
    ::pthread_mutex_lock(mutex_);
    held_ = waits_;
    ::pthread_mutex_unlock(mutex_);
    return held_;
  }

  void release() {
    if (!held_) return;
    ::pthread_mutex_lock(mutex_);
    held_ = false;
    if (kept_) ::pthread_cond_signal(condition_);
    ::pthread_mutex_unlock(mutex_);
  }

  /// Ends a wait, or the next one: a call that comes before it is not lost. Any other thread.
  void wake() {
    auto* const condition = condition_.load();
    if (condition == nullptr) return;  // never waited: it will look by itself before it does
    ::pthread_mutex_lock(mutex_);
    woken_ = true;
    ::pthread_cond_signal(condition);
    ::pthread_mutex_unlock(mutex_);
    counters.senders_woken.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  std::atomic<pthread_cond_t*> condition_{nullptr};
  std::atomic<pthread_mutex_t*> mutex_{nullptr};
  std::atomic<bool> held_{false};

  // Guarded by the mutex, which is Paho's.
  bool woken_ = false;
  bool waits_ = false;
  bool kept_ = false;  ///< It would have ended its wait.
};

void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

constinit SenderWakeup sender_wakeup;

std::atomic<std::uint64_t> writes{0};  ///< By Paho so far, to any socket.

/// What a thread of Paho's did last.
struct ThreadState {
  bool unblocked = false;    ///< It ended a short write; what waits behind that is to be woken.
  bool established = false;  ///< A socket that was connecting has just been found writable.
  bool waited = false;       ///< It waited for its sockets: the nap that follows is superfluous.
  bool napped = false;       ///< The last wait was followed by a nap: nothing came of it.
  unsigned fruitless = 0;    ///< Waits in a row of which nothing came.
  unsigned naps = 0;         ///< Naps in a row, without sockets to wait for.
  ReadCoalescing read_coalescing{};  ///< Of what it waits for.
};
thread_local ThreadState thread_state;

/// What Paho's sending thread holds back. A thread that has never been seen waiting in
/// wait_to_send() holds nothing: it might not come by to let it go.
struct Sending {
  bool waits = false;
  int corked = -1;  ///< A descriptor, or none.
};
thread_local Sending sending;

void set_cork(int descriptor, int on) {
  const int error = errno;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
  errno = error;
}

void release_writes() {
  const int descriptor = std::exchange(sending.corked, -1);
  if (descriptor >= 0) set_cork(descriptor, 0);
}

constexpr nfds_t most_sockets = 16;  // more at once are left to Paho

/// Milliseconds. Paho's poll takes a second, and then it may find the shortest keep-alive over
/// before tell_of_slow() was asked.
constexpr int longest_poll = 500;

int wait(pollfd* sockets, nfds_t number, std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const timespec limit{seconds.count(), (time - seconds).count()};
  return ::ppoll(sockets, number, &limit, nullptr);
}

bool all_known(const pollfd* sockets, nfds_t number, int events) {
  return number > 0 && number <= most_sockets &&
         std::all_of(sockets, sockets + number, [events](const pollfd& socket) {
           return socket.events == events && Socket::find(socket.fd) != nullptr;
         });
}

/// Paho asks, at the start of each cycle, which sockets can be written to. One in use whose last
/// write was whole can, as far as Paho wants to know.
int find_writable(pollfd* sockets, nfds_t number) {
  int ready = 0;
  thread_state.established = false;
  for (auto* socket = sockets; socket != sockets + number; ++socket) {
    const auto* const stream = Socket::find(socket->fd);
    socket->revents = 0;
    if (stream == nullptr) continue;  // Paho's other thread has closed it just now.
    const auto state = stream->state();
    if (state == State::fresh) continue;  // before connect(2) the kernel calls it writable
    if (state != State::connecting && !stream->blocked()) {
      socket->revents = POLLOUT;
      count(counters.polls_saved);
    } else {
      wait(socket, 1, 0ms);
      if (state == State::connecting && socket->revents != 0) thread_state.established = true;
    }
    if (socket->revents != 0) ++ready;
  }
  return ready;
}

/// Paho waits for input. It is woken for all else it should act upon, too: it finds out by itself.
int wait_for_input(pollfd* sockets, nfds_t number, int milliseconds) {
  if (!thread_state.napped) thread_state.fruitless = 0;
  thread_state.waited = true;
  thread_state.napped = false;
  thread_state.naps = 0;

  std::array<pollfd, most_sockets + 1> asked{};
  int ready = 0;
  for (nfds_t i = 0; i < number; ++i) {
    auto* const stream = Socket::find(sockets[i].fd);
    const auto state = stream != nullptr ? stream->state() : State::unused;
    if (stream != nullptr) stream->watched();
    sockets[i].revents = 0;
    asked[i] = {sockets[i].fd, POLLIN, 0};
    if (state == State::fresh || state == State::unused) {  // As above.
      asked[i].fd = -1;
    } else if (state == State::connecting) {
      asked[i].events = POLLIN | POLLOUT;
    } else if (stream->blocked()) {
      asked[i].events = POLLOUT;
      milliseconds = std::min(milliseconds, longest_poll);
    } else if (stream->holds_bytes()) {
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
    count(counters.polls_saved);
    return 1;
  }

  const bool at_once = ready > 0 || thread_state.established;
  auto& news = asked[number] = {receiver_event(), POLLIN, 0};
  if (!at_once && thread_state.read_coalescing.wanted(Clock::now(), writes)) {
    wait(&news, 1, ReadCoalescing::time);
    count(counters.gatherings);
  }
  const int result = wait(asked.data(), number + 1, at_once ? 0ms : milliseconds * 1ms);
  if (result < 0) return result;
  if (result == 0 && !at_once) thread_state.fruitless = 0;
  if (news.revents != 0) clear_receiver_event();

  ready = 0;
  for (nfds_t i = 0; i < number; ++i) {
    sockets[i].revents = static_cast<short>(sockets[i].revents | (asked[i].revents & ~POLLOUT));
    if (sockets[i].revents != 0) ++ready;
  }
  return ready;
}

}  // namespace

std::optional<int> poll(pollfd* sockets, nfds_t number, int milliseconds) {
  // Not before: only now Paho itself knows that the write is over.
  sender_wakeup.release();
  if (std::exchange(thread_state.unblocked, false)) sender_wakeup.wake();
  if (milliseconds == 0 && all_known(sockets, number, POLLOUT)) {
    return find_writable(sockets, number);
  }
  if (milliseconds > 0 && all_known(sockets, number, POLLIN | POLLNVAL)) {
    return wait_for_input(sockets, number, milliseconds);
  }
  return std::nullopt;
}

int poll_with_held(decltype(&::poll) real, pollfd* sockets, nfds_t number, int milliseconds) {
  const auto held = [](const pollfd& socket) {
    const auto* stream = Socket::find(socket.fd);
    return (socket.events & POLLIN) != 0 && stream != nullptr && stream->holds_bytes();
  };
  const bool any = std::any_of(sockets, sockets + number, held);
  const int result = real(sockets, number, any ? 0 : std::min(milliseconds, longest_poll));
  if (!any || result < 0) return result;
  int ready = 0;
  for (auto* socket = sockets; socket != sockets + number; ++socket) {
    if (held(*socket)) socket->revents |= POLLIN;
    if (socket->revents != 0) ++ready;
  }
  return ready;
}

int tell_of_slow(pollfd* sockets, nfds_t number, int ready) {
  for (auto* socket = sockets; ready >= 0 && socket != sockets + number; ++socket) {
    auto* const stream = Socket::find(socket->fd);
    if (stream == nullptr || (ready > 0 && !stream->refused() && !stream->blocked())) continue;
    if (socket->events == POLLOUT) {
      if (!stream->blocked()) continue;
      // Paho forgets a write that has ended before it notes that the message of QoS 0 in it is sent
      // (1.3.12, Socket_continueWrites). Should the next short write begin in between, that message
      // is taken for this one, and of one of them the end is never told.
      if (!sender_wakeup.hold()) {
        socket->revents = 0;
        continue;
      }
      if (socket->revents != 0) continue;
      // Paho writes nothing, and notes that it was possible: it does not find a PINGREQ due.
      stream->check_progress();
      socket->revents = POLLOUT;
    } else if (stream->refused() || stream->closed() || stream->answer_ping()) {
      socket->revents = POLLIN | POLLHUP;  // With POLLHUP it reads also when blocked.
    }
    if (socket->revents != 0) ready = std::max(ready, 1);
  }
  return ready;
}

int nap() {
  sender_wakeup.release();  // No poll follows when there is no socket any more.
  count(counters.waits_removed);
  if (thread_state.waited) {
    thread_state.waited = false;
    thread_state.napped = true;
    // Should Paho not act upon what it was woken for, it must not eat the processor.
    constexpr unsigned patience = 100;
    if (++thread_state.fruitless > patience) wait(nullptr, 0, 1ms);
    return 0;
  }
  // Not shorter on the whole than Paho's own: it gives its threads a hundred naps to end.
  pollfd news{receiver_event(), POLLIN, 0};
  const int milliseconds = std::min(1 << std::min(thread_state.naps++, 7U), nap_of_paho / 1'000);
  if (wait(&news, 1, milliseconds * 1ms) > 0) clear_receiver_event();
  return 0;
}

void gather_write(int descriptor) {
  if (!sending.waits || sending.corked == descriptor) return;
  release_writes();
  set_cork(descriptor, 1);
  sending.corked = descriptor;
}

void note_write(Socket& stream, bool whole) {
  const bool was_blocked = stream.blocked();
  if (whole && was_blocked) thread_state.unblocked = true;
  stream.wrote(whole);
  count(writes);
  // No news when it was so before: the receive thread, which goes on with it, would wake itself.
  if (!whole && !was_blocked && waits_shortened()) wake_receiver();
}

void wake_receiver() {
  const int error = errno;
  ::eventfd_write(receiver_event(), 1);
  errno = error;
}

int wait_to_send(TimedWait* real, pthread_cond_t* condition, pthread_mutex_t* mutex,
                 const timespec* limit) {
  sending.waits = true;
  release_writes();
  return sender_wakeup.wait(real, condition, mutex, limit);
}

bool ReadCoalescing::wanted(Clock::time_point now, std::uint64_t written) {
  const bool paused = now - std::exchange(last_, now) > span;
  if (paused || written != written_) {
    wanted_ = false;
  } else if (++counted_ < reads) {
    return wanted_;
  } else {
    wanted_ = now - since_ <= span;
  }
  counted_ = 0;
  since_ = now;
  written_ = written;
  return wanted_;
}

}  // namespace mqtt_tools::connection::hooks::waits
