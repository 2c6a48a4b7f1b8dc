// SPDX-License-Identifier: MIT
#pragma once

#include "connection/client.hpp"
#include "connection/options.hpp"
#include "message.hpp"
#include "run/poller.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::run {

using MessageId = std::uint64_t;  ///< Counts the messages of a run, from 1.

/// The messages that the broker has not taken yet, oldest first. In memory; a message stays until
/// it is forgotten, so that it can be sent again after a loss.
class OutgoingQueue {
 public:
  struct Waiting {
    MessageId id = 0;
    Message message{};
    bool sent = false;
    bool done = false;          ///< Forgotten while older ones still wait.
    Clock::time_point since{};  ///< When it was sent last.
  };

  MessageId add(Message message);

  /// The oldest message that is not on its way; null if there is none.
  Waiting* next_unsent();

  /// What waits under `id`; null if nothing does.
  Waiting* find(MessageId id);

  void mark_sent(Waiting& waiting, Clock::time_point now = {});

  /// All that wait, oldest first, and some that are done.
  const std::deque<Waiting>& all() const { return waiting_; }

  /// The broker has taken `id` (or will never); its memory is given back.
  void forget(MessageId id);

  /// The connection is gone: all that wait are unsent again, in order.
  void resend_all();

  /// Messages that were sent and not forgotten since.
  std::size_t in_flight() const { return in_flight_; }

  std::size_t size() const { return live_; }    ///< Messages waiting, sent or not.
  std::size_t bytes() const { return bytes_; }  ///< Their topics and payloads.
  bool empty() const { return live_ == 0; }

 private:
  std::deque<Waiting> waiting_{};
  std::size_t unsent_ = 0;  ///< Index in waiting_ of the first unsent message.
  MessageId next_id_ = 1;
  std::size_t live_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t bytes_ = 0;
};

/// What became of one message.
struct PublishResult {
  const Message& message;
  int packet_id = 0;               ///< Of the PUBLISH; 0 with QoS 0, or if it was never answered.
  std::optional<int> reason{};     ///< MQTT 5's reason code; nothing if the broker said nothing.
  std::string explanation{};       ///< For people; what a broker says stands here as it came.
  std::optional<Duration> took{};  ///< From when it was sent last; nothing if it never was.
};

/// What became of the messages of a run: how many were given, how many the broker has taken or
/// denied. Told the facts and the time.
class DeliveryStats {
 public:
  explicit DeliveryStats(Duration ack_timeout) : ack_timeout_(ack_timeout) {}

  /// A message is to be published.
  void given(Clock::time_point now, Qos qos = Qos::at_least_once);

  /// The broker took it.
  void taken(Clock::time_point now);

  /// It told that nobody subscribes to `topic` (reason code 0x10, MQTT 5.0 §3.4.2.1).
  void unheard(const std::string& topic);

  /// The broker will not have it; `why`: in words.
  void denied(const std::string& why, Clock::time_point now);

  /// A connection was made: only from now on does patience run out.
  void connected(Clock::time_point now);

  std::uint64_t messages() const { return given_; }
  std::uint64_t acknowledged() const { return taken_; }
  std::uint64_t outstanding() const { return given_ - taken_ - denied_; }
  bool any_denied() const { return denied_ > 0; }
  bool any_unheard() const { return unheard_ > 0; }

  /// What has become of those that the broker took: "acknowledged"; "written" where all have QoS 0,
  /// which nobody acknowledges (MQTT 5.0 §4.3.1).
  const char* taken_word() const { return acknowledgeable_ ? "acknowledged" : "written"; }

  /// When messages will have been outstanding, and none acknowledged, for the time of
  /// --ack-timeout.
  std::optional<Clock::time_point> due() const;

  /// "2 of 5 messages were not acknowledged"; this and the others with taken_word().
  std::string unacknowledged() const;

  /// "of 5 messages read, 4 were sent and 3 acknowledged", when `unsent` wait to be sent.
  std::string so_far(std::uint64_t unsent) const;

  /// "4 messages were acknowledged"
  std::string summary() const;

  /// "1 of 5 messages was denied, to t/x: not authorised"
  std::string denials() const;

  /// "nobody subscribes to t/x", "2 of 5 messages had no subscriber, the first of them to t/x"
  std::string without_subscriber() const;

 private:
  Duration ack_timeout_;
  std::uint64_t given_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t denied_ = 0;
  std::uint64_t unheard_ = 0;
  std::string unheard_topic_{};   ///< Of the first of them.
  bool acknowledgeable_ = false;  ///< Not all have QoS 0.
  std::string why_{};             ///< Of the first denial.
  std::optional<Clock::time_point> quiet_since_{};
  bool connected_ = false;
};

/// What goes out over a client, oldest first, a window of it in flight; what is not acknowledged
/// when the connection is lost goes out again. The broker takes each message or denies it.
class Publisher {
 public:
  /// `window`: messages in flight at most, if the broker allows as many. `ack_timeout` is for
  /// DeliveryStats::due(). `client` must outlive it. With `presence` it publishes at each
  /// connection, retained and before all else, that we are there, and before DISCONNECT that we are
  /// not (--presence); these are not among the statistics.
  Publisher(connection::Client& client, std::size_t window, Duration ack_timeout = {},
            std::optional<connection::Presence> presence = {})
      : client_(client), window_(window), stats_(ack_timeout), presence_(std::move(presence)) {}

  /// Calls `tell` with what becomes of each message from now on.
  void tell_results(std::function<void(const PublishResult&)> tell) { tell_ = std::move(tell); }

  /// Tells of those that wait that nothing more becomes of them.
  void tell_outstanding(Clock::time_point now) const;

  /// The broker denied one of them, or a message.
  bool any_denied() const { return presence_denied_ || stats_.any_denied(); }
  bool presence_denied() const { return presence_denied_; }

  /// Why the broker denied a message of presence, once.
  std::optional<std::string> take_presence_denial() {
    return std::exchange(presence_denial_, std::nullopt);
  }

  /// How many messages may be in flight beside that of presence.
  std::size_t window() const;

  /// Ends the connection, behind the message that we are gone. Its acknowledgement is awaited for
  /// half a second; advance() goes on being called.
  void disconnect(Clock::time_point now);

  /// Calls `advance`, which calls ours, whenever there is something to do, until `done` or
  /// `deadline`.
  using Advance = std::function<void(Clock::time_point)>;
  void advance_until(Poller& poller, Clock::time_point deadline, const Advance& advance,
                     const std::function<bool()>& done) const;

  /// The same until what disconnect() begins is done: at the end of a run, however it came, or the
  /// broker would publish the will.
  void leave(Poller& poller, Clock::time_point deadline, const Advance& advance);

  /// Waits for what advance() is to be called for, of the client and of its own.
  void add_to(Poller& poller) const;

  /// Room for one more message. Without it, nothing should be added.
  bool room() const;

  void add(Message message, Clock::time_point now);

  /// Does what is due on the connection (Client::advance()), and learns what became of messages;
  /// gives what it learns of those that were sent over the same client by another.
  std::vector<connection::Delivery> advance(Clock::time_point now);

  /// Hands over what waits, as far as the window goes. False when all that waits is in flight and
  /// the window has room: the moment to add more.
  bool deliver(Clock::time_point now);

  bool empty() const { return queue_.empty(); }

  /// The broker leaves more unacknowledged than is kept: 64 MiB, in more messages than the window
  /// has.
  bool overfull() const;

  std::size_t in_flight() const { return queue_.in_flight(); }

  /// How many were not sent on this connection yet.
  std::size_t unsent() const { return queue_.size() - queue_.in_flight(); }

  const DeliveryStats& stats() const { return stats_; }

  /// Why messages were denied since the last call: "to t/x: not authorised".
  std::vector<std::string> take_denials() { return std::exchange(denials_, {}); }

 private:
  void tell(const OutgoingQueue::Waiting& waiting, std::optional<int> reason,
            const std::string& explanation, Clock::time_point now, int packet_id = 0) const;
  void deny(const OutgoingQueue::Waiting& waiting, const std::string& why, Clock::time_point now);
  bool publish_presence(bool online);
  void deny_presence(const std::string& why);
  void go_offline(Clock::time_point now);

  connection::Client& client_;
  std::size_t window_;
  OutgoingQueue queue_{};
  DeliveryStats stats_;
  std::function<void(const PublishResult&)> tell_{};
  std::vector<std::string> denials_{};
  std::uint64_t connections_ = 0;  ///< How often there was one when we looked last.

  std::optional<connection::Presence> presence_;
  bool presence_due_ = false;  ///< There is a connection on which it was not published yet.
  bool presence_in_flight_ = false;
  bool presence_denied_ = false;
  std::optional<std::string> presence_denial_{};
  bool offline_sent_ = false;
  std::optional<Clock::time_point> disconnect_at_{};  ///< At the latest.
};

}  // namespace mqtt_tools::run
