// SPDX-License-Identifier: MIT
#pragma once

#include "connection/attempt.hpp"
#include "connection/completion.hpp"
#include "connection/dismissal.hpp"
#include "connection/losses.hpp"
#include "connection/mailbox.hpp"
#include "connection/options.hpp"
#include "connection/retries.hpp"
#include "connection/session.hpp"
#include "connection/sessions.hpp"
#include "connection/shared.hpp"
#include "connection/subscriptions.hpp"
#include "connection/teller.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// Keeps a client connected: makes the connection, makes it again after a loss, gives up when there
/// is no use in it, and takes leave. A Client owns it and calls it from the app's thread; what
/// happens on Paho's threads comes as events through the mailbox.
class Keeper {
 public:
  /// All three must outlive it.
  Keeper(Shared& shared, Teller& teller, Subscriptions& subscriptions);

  void start(Clock::time_point now);

  /// Handles what happened since the last call, then does what is due.
  void advance(Clock::time_point now);

  /// Ends the connection with a DISCONNECT, if there is one.
  void leave(Clock::time_point now);

  /// Why the run cannot go on, once that is so.
  const std::optional<RunError>& failure() const { return failure_; }
  std::optional<Clock::time_point> due() const { return due_; }

  bool connected() const { return state_ == State::up || state_ == State::subscribing; }
  bool ready() const { return state_ == State::up; }
  bool left() const { return state_ == State::over || state_ == State::idle; }

  std::uint64_t connections() const { return connections_; }
  const Limits& limits() const { return limits_; }
  const std::string& broker() const { return broker_; }  ///< host:port, for people.

  /// Hands a message over; false when there is no connection to take it.
  bool send(std::uint64_t id, const Message& message);

  /// What became of messages since the last call, also of a connection that is gone.
  std::vector<Completion> completions();

 private:
  enum class State { idle, attempting, pausing, subscribing, up, renewing, leaving, over };

  void end(RunError why);
  void begin_attempt(Clock::time_point now);
  void look_at_attempt(Clock::time_point now);
  void attempt_failed(Clock::time_point now);
  void connected(Clock::time_point now);
  bool keep_alive_too_long() const;
  void begin_subscribing(Clock::time_point now, Subscriptions::Turn turn);
  void all_granted();
  void renew(Clock::time_point now);
  void lost(const std::string& why, Clock::time_point now);
  void handle(const Event& event, Clock::time_point now);
  void handle_connected(const Event& event, Clock::time_point now);
  void finish_leaving();

  const Options& options() const { return shared_.options; }

  Shared& shared_;
  Teller& teller_;
  Subscriptions& subscriptions_;

  State state_ = State::idle;
  std::optional<RunError> failure_{};
  std::optional<Clock::time_point> due_{};

  Sessions sessions_;
  Session* session_ = nullptr;  ///< The one that is connected.
  std::unique_ptr<Attempt> attempt_{};
  std::optional<Version> settled_{};  ///< The version that this broker turned out to speak.
  std::uint64_t attempts_ = 0;        ///< Numbers of connect() calls.
  std::uint64_t connection_ = 0;      ///< The number of the connection that is up.
  Limits limits_{};

  std::uint64_t connections_ = 0;
  Clock::time_point started_{};
  Clock::time_point connected_at_{};
  Clock::time_point away_since_{};  ///< When it was lost or left last, to be made again.
  bool told_lost_ = false;          ///< And that it is back was not told yet.
  bool progress_ = false;
  Losses losses_{};
  std::chrono::seconds keep_alive_;
  std::optional<Clock::time_point> renew_at_{};
  std::string broker_{};
  Dismissal dismissal_{};
  bool told_waiting_ = false;
  Retries retries_;
  std::vector<Completion> last_completions_{};  ///< Of a connection that is gone.
};

}  // namespace mqtt_tools::connection
