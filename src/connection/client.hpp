// SPDX-License-Identifier: MIT
#pragma once

#include "connection/log.hpp"
#include "connection/options.hpp"
#include "connection/paho/client.hpp"
#include "connection/paho/delivery.hpp"
#include "connection/subscriptions.hpp"
#include "error.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// The connection to one broker at a time. Use it from one thread; what Paho does on its own
/// threads stays behind it. No call waits: the app polls fd() until due() and calls advance().
class Client {
 public:
  /// `tell` is called from within calls of the app only.
  Client(Options options, LogSink tell);

  /// The same without Paho: `make_clients` takes the place of paho::make_clients(). For tests.
  Client(Options options, LogSink tell, paho::MakeClients make_clients);

  ~Client();  ///< Sends no DISCONNECT: see disconnect().
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// What to subscribe to at each connection, and what to unsubscribe from first. Before start().
  void subscribe(std::vector<Subscription> subscriptions, std::vector<std::string> unsubscribe);

  /// Begins to connect.
  void start(Clock::time_point now);

  /// Does what is due.
  void advance(Clock::time_point now);

  /// Connects again, for who has mended what was wrong: a connection that is up is left, a pause is
  /// cut short, a failure and the losses that led to it are forgotten.
  void restart(Clock::time_point now);

  /// How long to try for a first connection, from here on (Options::wait).
  void set_wait(Duration wait);

  /// Why the run cannot go on, once that is so: no broker within the limits, refused, a
  /// subscription denied, the connection lost for good.
  const std::optional<RunError>& failure() const;

  /// Readable when there is news for advance(), receive() or deliveries().
  int fd() const;

  /// When advance() must be called though fd() is silent.
  std::optional<Clock::time_point> due() const;

  bool connected() const;   ///< CONNACK came and the connection is not lost.
  bool ready() const;       ///< Connected, and all subscriptions are granted.
  bool subscribed() const;  ///< They were granted, on this connection or on one that is lost.

  /// "HOST:PORT" of the broker that we are or were last connected to; empty before that.
  const std::string& broker() const;

  /// The broker has ended this connection, or the last one, with a DISCONNECT for which nothing is
  /// to blame that it was sent: it is shutting down, say.
  bool broker_left() const;

  /// How often the connection was made; a change tells the publisher to send again what waits.
  std::uint64_t connections() const;

  /// Sends a packet for the sake of its answer, if connected (see Probes); and what was answered
  /// on this connection.
  void probe();
  const Probes& probes() const;

  // Publishing.

  /// Why the broker would not take such a message, going by what it said when it accepted us: too
  /// large, QoS or retain not available (MQTT 5.0 §3.2.2.3). Nothing when it may be sent.
  std::optional<std::string> over_limits(const Message& message) const;

  /// How many messages may be in flight at once: the smaller of `wanted` and the broker's Receive
  /// Maximum.
  std::size_t window(std::size_t wanted) const;

  /// Hands `message` over under the name `id`. False when there is no connection to take it, or the
  /// one that is up is about to be made anew: then it is to be tried again later.
  bool send(std::uint64_t id, const Message& message);

  /// What became of messages since the last call.
  std::vector<Delivery> deliveries();

  // Subscribing.

  /// The next message; nothing if none is at hand. Valid until let_go(), or the next call.
  Message* receive();

  /// What receive() gave is done with: who does not ask for the next one at once must say so, or
  /// its room is missing for what comes.
  void let_go();

  /// What receive() gave did not count (a filter left it out): one more may be taken
  /// (Options::count).
  void give_back();

  /// There is something received that receive() has not given yet, and how much.
  bool more() const { return waiting() > 0; }
  std::size_t waiting() const;

  // Disconnecting.

  /// DISCONNECT is sent if connected and nothing stands in its way. Messages that come
  /// before it is written are still there for receive().
  void disconnect();

  /// DISCONNECT is written and the connection closed, or there is none.
  bool disconnected() const;

  /// For the end of a run that cannot take more (no memory, no time): messages that receive() has
  /// or could give stay acknowledged, any that comes later is not, and nothing can be sent after it
  /// but DISCONNECT. False when also the last one that came will not be acknowledged.
  bool stop_receiving();

  /// For --count reached while a SUBACK is missing: messages beyond the count are thrown away, so
  /// that the answers behind them can be read. Of a session that outlives the connection they must
  /// not be acknowledged, which throwing away does: then nothing more is read or written but
  /// DISCONNECT, and blocked() tells.
  void refuse_surplus();
  bool blocked() const;

  /// Messages that were acknowledged and thrown away, for want of room when the run ended.
  std::uint64_t dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqtt_tools::connection
