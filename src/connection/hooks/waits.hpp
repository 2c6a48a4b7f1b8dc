// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/socket.hpp"
#include "timestamp.hpp"

#include <poll.h>
#include <pthread.h>
#include <chrono>
#include <cstdint>
#include <optional>

/// The waits of Paho's two threads, ended by what happens instead of by the clock. hooks.cpp
/// calls these in place of what Paho called, on Paho's threads; hooks.hpp counts what they save.
namespace mqtt_tools::connection::hooks::waits {

using TimedWait = int(pthread_cond_t*, pthread_mutex_t*, const timespec*);

/// For poll(2), always: the real one, which is `real`, but for bytes that are at hand already.
int poll_with_held(decltype(&::poll) real, pollfd* sockets, nfds_t number, int milliseconds);

inline constexpr int nap_of_paho = 100'000;  ///< Microseconds: MQTTAsync_sleep(100).

/// For poll(2); nothing when it asks for anything but what Paho 1.3 asks of sockets known to us.
std::optional<int> poll(pollfd* sockets, nfds_t number, int milliseconds);

/// What a poll gives in place of `ready`, which it gave: Paho is told what keeps it from taking a
/// slow line for a dead one, and what a dead one is (Socket::check_progress(), answer_ping()), and
/// of a closed one to read what came (Socket::closed_unread()). It goes on with a short write only
/// while wait_to_send() can be made to last until the next poll or nap.
int tell_of_slow(pollfd* sockets, nfds_t number, int ready);

/// For usleep(nap_of_paho): Paho sleeps when no socket was ready, and when it waits for its threads
/// to end.
int nap();

/// The receive thread has something to find out.
void wake_receiver();

/// Paho is about to write to `descriptor`, which has TCP_NODELAY. On the thread that sends, small
/// packets gather in the kernel (TCP_CORK) until it waits for more to send: a burst does not become
/// a segment for each packet, and nothing is late, as what is alone is followed by that wait. The
/// kernel itself holds no segment longer than 200 ms (tcp(7)).
void gather_write(int descriptor);

/// Paho wrote to `stream`; `whole` is false when the kernel did not take all of it.
void note_write(Socket& stream, bool whole);

/// For pthread_cond_timedwait(), which is `real`: ends also when a write has ended, behind which
/// there may be more to send, and not while the receive thread ends one (tell_of_slow()).
int wait_to_send(TimedWait* real, pthread_cond_t* condition, pthread_mutex_t* mutex,
                 const timespec* limit);

/// Whether the receive thread lets small input gather before it looks. To wake up for each of
/// many small reads costs more than the reads; what comes alone, or after a pause, is never held
/// back. Nor is anything as long as we write, too: somebody may wait for our acknowledgements, or
/// we for theirs. Told the time; one thread has one.
class ReadCoalescing {
 public:
  static constexpr Duration time = std::chrono::microseconds{100};  ///< In which input gathers.
  static constexpr unsigned reads = 8;                              ///< So many of them ...
  static constexpr Duration span = std::chrono::milliseconds{2};    ///< ... in this time are many.

  /// Asked before each wait for input; `written` is the number of writes so far.
  bool wanted(Clock::time_point now, std::uint64_t written);

 private:
  bool wanted_ = false;
  unsigned counted_ = 0;  ///< Waits since `since_`.
  Clock::time_point since_{};
  Clock::time_point last_{};
  std::uint64_t written_ = 0;  ///< At `since_`.
};

}  // namespace mqtt_tools::connection::hooks::waits
