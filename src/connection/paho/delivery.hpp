// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/paho/event_queue.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// What became of one message that was handed over, from Paho's callback to the app.
struct Delivery {
  enum class Outcome {
    written,       ///< To the socket: all that is known with QoS 0.
    acknowledged,  ///< The broker has it.
    denied,        ///< The broker said no. Sending it again cannot help.
    returned,      ///< None of these: the connection is gone. The app is not told of it.
  };

  std::uint64_t id = 0;  ///< As the app named the message.
  Outcome outcome = Outcome::acknowledged;
  int packet_id = 0;  ///< Of the PUBLISH; 0 with QoS 0.
  int reason = 0;     ///< Reason code of PUBACK, PUBREC or PUBCOMP (MQTT 5.0 §3.4.2.1); else 0.
  std::string
      words{};  ///< What a `reason` other than 0 means, and what the broker said: untrusted.
  Clock::time_point since{};  ///< When it was sent; only with Options::tell_messages.
};

class Deliveries;

/// A message that Paho has: the context of its callbacks.
struct Outstanding {
  Deliveries* deliveries = nullptr;
  Delivery delivery{};
};

/// The messages that were handed over to one client of Paho's and have not come back. The client
/// owns it, and it must outlive Paho's, which ends what is left when it goes.
///
/// The main thread calls start(), cancel(), take() and outstanding(), and has the entries; any
/// thread may end() one. `mutex_` guards the list of what has ended.
class Deliveries {
 public:
  enum class Wake { for_each, seldom };

  /// `events` is woken by what ends: for each message, or as seldom as it can be.
  /// `record` is that of the connection: Paho drops what a broker says beside its acknowledgement.
  Deliveries(EventQueue& events, hooks::ConnectionRecord& record, Wake wake)
      : events_(events), record_(record), wake_(wake) {}
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// An entry for message `id`. Its address is good until it has ended and was taken.
  Outstanding* start(std::uint64_t id, Qos qos, Clock::time_point since);

  /// The message of `entry`, started last, was not given to Paho.
  void cancel(Outstanding* entry);

  /// The message is written or acknowledged, with MQTT 5's reason code `code` for Paho's `id`,
  /// which may say that it is denied. Any thread; inside Paho's callback.
  void done(Outstanding* entry, int code, int id) noexcept;

  /// The connection is gone, or Paho did not take the message; a `code` of 0x80 and above is a
  /// denial all the same. Any thread.
  void returned(Outstanding* entry, int code = 0, int id = 0) noexcept;

  /// Moves what became of messages to `out`.
  void take(std::vector<Delivery>& out);

  /// How many were started and not taken.
  std::size_t outstanding() const { return entries_.size() - unused_.size(); }

 private:
  void explain(Delivery& delivery, int code, int id) noexcept;
  void end(Outstanding* entry) noexcept;

  EventQueue& events_;
  hooks::ConnectionRecord& record_;
  const Wake wake_;
  std::deque<Outstanding> entries_{};   ///< The main thread; addresses are stable.
  std::vector<Outstanding*> unused_{};  ///< The main thread.
  std::mutex mutex_{};
  std::atomic<std::size_t> with_paho_{0};  ///< Given to Paho, not yet taken from ended_.
  std::vector<Outstanding*> ended_{};      ///< Guarded by mutex_.
  std::vector<Outstanding*> taken_{};      ///< The main thread's; swapped with ended_.
};

/// Hands `message` to Paho's client `handle` (an MQTTAsync), which speaks MQTT 5 if `v5`; what
/// becomes of it ends `entry`, on one of Paho's threads. False when Paho does not take it. On the
/// thread that makes calls to Paho.
bool send_message(void* handle, bool v5, Outstanding* entry, const Message& message);

}  // namespace mqtt_tools::connection
