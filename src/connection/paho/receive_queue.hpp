// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/options.hpp"
#include "connection/paho/event_queue.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace mqtt_tools::connection {

/// The messages received and not yet looked at, between Paho's receive thread (which puts) and the
/// main thread (which gets). A callback of Paho's waits here and nowhere else: while the queue is
/// full (and with it the broker, so that memory stays flat), and while a large message is being
/// shown.
///
/// Which thread calls what stands below. What both touch is atomic; `mutex_` guards the wait.
class ReceiveQueue {
 public:
  static constexpr std::size_t max_messages = 1024;
  static constexpr std::size_t max_bytes = std::size_t{4} * 1024 * 1024;

  static constexpr std::size_t max_slots = 2 * max_messages;  ///< Half for what is let past.

  enum class Put {
    taken,
    surplus,   ///< The run ends, and this message is more than were wanted.
    no_room,   ///< The run ends, and the main thread has not made room.
    given_up,  ///< The connection is given up: nobody is interested in the message.
    closed,    ///< See close().
  };

  /// While the queue is full one message is let past the limit this often, so that
  /// acknowledgements and pings still go out. Call it before the first message comes.
  void let_past_every(Duration pause) { pause_ = pause; }

  /// At most this many messages may be taken in all, until give_back(). Call it before the first
  /// message comes.
  void limit(std::uint64_t count);

  // Paho's receive thread.

  /// Waits for room and a claim, no longer than until `given_up` is true (see wake()). When taken,
  /// slot() may be filled and publish() must follow.
  Put claim(const std::atomic<bool>& given_up);
  Put claim() { return claim(never_); }
  Message& slot() { return slots_[tail_.load(std::memory_order_relaxed) % max_slots].message; }
  void publish();

  /// Call it before publish() when wait_until_done_with() is to follow.
  void hold();

  /// Waits until all that was put is done with: what is acknowledged only then is not lost when
  /// there is no memory to show it. No longer than one message is held back by a full queue, nor
  /// once the run ends or `given_up` is true. False when the queue was closed first: the last
  /// message is not to be acknowledged.
  bool wait_until_done_with(const std::atomic<bool>& given_up);
  bool wait_until_done_with() { return wait_until_done_with(never_); }

  /// A message was thrown away and will be acknowledged.
  void count_dropped() { dropped_.fetch_add(1, std::memory_order_relaxed); }

  // The main thread.

  /// The oldest message; null when there is none. Valid until let_go(), or the next call.
  Message* get();

  /// What get() gave is done with. Until then it takes room; a giant takes all there is.
  void let_go();

  /// How many have been put so far.
  std::uint64_t received() const { return tail_.load(std::memory_order_acquire); }
  bool empty() const { return waiting() == 0; }
  std::size_t waiting() const {
    const auto head = head_.load(std::memory_order_relaxed) + (handed_out_ ? 1 : 0);
    return static_cast<std::size_t>(tail_.load(std::memory_order_acquire) - head);
  }

  /// A message did not count: one more may be taken.
  void give_back();

  /// A connection was given up: its claim() is to see that.
  void wake();

  /// The run ends: from now on claim() does not wait.
  void hurry();

  /// From now on no message is taken. False when the last one that was put will not be
  /// acknowledged, as its callback is between hold() and the end of wait_until_done_with().
  bool close();

  bool hurried() const { return hurried_.load(std::memory_order_seq_cst); }

  /// From now on what is beyond the limit is refused at once, though the run does not end yet.
  void refuse_surplus();

  /// A message waits for the main thread: nothing behind it is read.
  bool holds_back() const { return waiting_.load(std::memory_order_seq_cst); }

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Slot {
    Message message{};
    std::size_t bytes = 0;  ///< Counted when put: the payload may be taken out.
  };

  std::size_t waiting_messages() const;
  bool full() const;
  bool claim_missing() const;
  bool held() const;
  bool closed() const { return closed_.load(std::memory_order_seq_cst); }
  bool refused() const { return refusing_.load(std::memory_order_seq_cst) && claim_missing(); }
  void release();

  static constexpr std::atomic<bool> never_{false};

  std::vector<Slot> slots_{};
  std::atomic<std::uint64_t> tail_{0};  ///< Messages put; the receive thread changes it.
  std::atomic<std::uint64_t> head_{0};  ///< Messages done with; the main thread changes it.
  bool handed_out_ = false;             ///< The main thread's: get() gave the one at head_.
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::int64_t> claims_{0};
  bool limited_ = false;
  Duration pause_ = std::chrono::seconds{10};

  std::atomic<bool> hurried_{false};
  std::atomic<bool> closed_{false};
  std::atomic<bool> refusing_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t held_ = 0;     ///< The message after hold(), counted from 1. Guarded by mutex_.
  bool last_refused_ = false;  ///< Guarded by mutex_.
  std::atomic<bool> waiting_{false};
  std::mutex mutex_{};
  std::condition_variable room_{};
};

/// Puts the messages that come over one connection into the queue; all that it refers to must
/// outlive it, and it must outlive Paho's client. Paho's receive thread calls it, and waits in it
/// while the queue is full; nothing is thrown back at Paho. For a message that must not be
/// acknowledged it gives `record` up. From then on messages are dropped; ReceiveQueue::wake() ends
/// a wait for room then.
struct MessageReceiver {
  const Options& options;
  ReceiveQueue& queue;
  ConnectionEvents& events;
  hooks::ConnectionRecord& record;

  /// Takes all messages of Paho's client `handle` (an MQTTAsync) from now on.
  void await(void* handle);

  /// A message that Paho would hand over too late: see PacketGuard::Arrived. Paho's receiving
  /// thread.
  void put(hooks::PacketGuard::Arrived message) noexcept;
};

}  // namespace mqtt_tools::connection
