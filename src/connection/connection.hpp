// SPDX-License-Identifier: MIT
#pragma once

#include "connection/log.hpp"
#include "connection/options.hpp"
#include "connection/paho/client.hpp"
#include "connection/paho/delivery.hpp"
#include "connection/paho/event_queue.hpp"
#include "connection/reconnect_policy.hpp"
#include "connection/reconnector.hpp"
#include "connection/subscriptions.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// Keeps a client connected: makes the connection, makes it again after a loss, gives up when there
/// is no use in it, and disconnects. A Client owns it and calls it from the app's thread; what
/// happens on Paho's threads comes as events through the event queue.
class Connection {
 public:
  /// All must outlive it.
  Connection(paho::Shared& shared, const paho::MakeClient& make, Log& log,
             Subscriptions& subscriptions);

  void start(Clock::time_point now);

  /// Handles what happened since the last call, then does what is due.
  void advance(Clock::time_point now);

  /// Ends the connection with a DISCONNECT, if there is one. How long to wait for left() is the
  /// caller's to say.
  void leave();

  /// Why the run cannot go on, once that is so.
  const std::optional<RunError>& failure() const { return failure_; }
  std::optional<Clock::time_point> due() const { return due_; }

  bool connected() const { return state_ == State::up || state_ == State::subscribing; }
  bool ready() const { return state_ == State::up; }
  bool left() const { return state_ == State::over || state_ == State::idle; }

  std::uint64_t connections() const { return connections_; }
  const ServerLimits& limits() const { return limits_; }
  const std::string& broker() const { return broker_; }  ///< host:port, for people.

  /// Hands a message over; false when there is no connection to take it.
  bool send(std::uint64_t id, const Message& message);

  /// What became of messages since the last call, also of a connection that is gone.
  std::vector<Delivery> deliveries();

 private:
  enum class State { idle, connecting, subscribing, up, renewing, leaving, over };

  void end(RunError why);
  void look_at_approach(Clock::time_point now);
  void connected(Clock::time_point now);
  bool keep_alive_too_long() const;
  void begin_subscribing(Clock::time_point now, Subscriptions::Turn turn);
  void all_granted();
  void renew(Clock::time_point now);
  void renewed(Clock::time_point now);
  void lost(const std::string& why, Clock::time_point now);
  void handle(const Event& event, Clock::time_point now);
  void handle_connected(const Event& event, Clock::time_point now);
  void finish_leaving();

  const Options& options() const { return shared_.options; }

  paho::Shared& shared_;
  Log& log_;
  Subscriptions& subscriptions_;

  State state_ = State::idle;
  std::optional<RunError> failure_{};
  std::optional<Clock::time_point> due_{};
  Clock::time_point now_{};  ///< Told last.

  Reconnector reconnector_;
  std::unique_ptr<paho::Client> client_{};  ///< The one that is connected.
  std::unique_ptr<paho::Client> left_{};    ///< The one that was left at the end: it ends with us.
  std::uint64_t connection_ = 0;            ///< The number of the connection that is up.
  ServerLimits limits_{};

  std::uint64_t connections_ = 0;
  Clock::time_point connected_at_{};
  std::optional<Clock::time_point> lost_at_{};  ///< Until the connection is back.
  bool progress_ = false;                       ///< Something was acknowledged.
  std::uint64_t received_ = 0;                  ///< Messages before this connection.
  std::uint64_t received_before_answer_ = 0;    ///< Messages, while SUBACK is awaited.
  LossHistory losses_{};
  std::chrono::seconds keep_alive_;
  std::optional<Clock::time_point> renew_at_{};
  std::string broker_{};
  ServerDisconnect server_disconnect_{};
  std::vector<Delivery> last_deliveries_{};  ///< Of a connection that is gone.
};

}  // namespace mqtt_tools::connection
