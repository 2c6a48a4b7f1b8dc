// SPDX-License-Identifier: MIT
#pragma once

#include "connection/connector.hpp"
#include "connection/log.hpp"
#include "connection/options.hpp"
#include "connection/paho/client.hpp"
#include "connection/paho/event_queue.hpp"
#include "connection/reconnect_policy.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace mqtt_tools::connection {

/// The way to a connection: attempts with pauses between them, until one succeeds or there is no
/// use in another. The Connection owns it and calls it from the app's thread.
class Reconnector {
 public:
  enum class State { idle, attempting, pausing, connected, failed };

  /// All must outlive it.
  Reconnector(paho::Shared& shared, const paho::MakeClient& make, Log& log);

  /// Sets out for the first connection, which --wait has patience for.
  void set_out(Clock::time_point now);

  /// Sets out once more, to connect with the keep-alive that the broker wants.
  void set_out_again(std::chrono::seconds keep_alive, Clock::time_point now);

  /// Sets out again after a loss, in a while. `fruitful`: the connection had been of use.
  void set_out_after_loss(bool fruitful, Clock::time_point now);

  /// The run has had its first connection: from now on --reconnect-for has patience.
  void arrived() { first_ = told_ = false; }

  /// The connection that was up until now: what its QoS 2 has left open goes on with the next.
  void previous(std::shared_ptr<const hooks::ConnectionRecord> record) {
    previous_ = std::move(record);
  }

  /// Gives up the attempt under way, if its CONNECT has left: Event::closed follows, with the
  /// number that is given, behind its DISCONNECT. Nothing: no CONNECT is under way.
  std::optional<std::uint64_t> give_up();

  std::string broker() const { return connector_->name(); }  ///< While attempting: host:port.

  /// Another CONNECT with our client id has taken the connection over. True when that was one of
  /// ours, of an attempt given up, that came late (with a client id that the user gave).
  bool taken_over_by_ourselves();

  /// An event of whatever connection, while attempting.
  void handle(const Event& event, Clock::time_point now);

  void advance(Clock::time_point now);

  State state() const { return state_; }
  std::optional<Clock::time_point> due() const { return due_; }

  // Once connected.
  std::unique_ptr<paho::Client> take_client() { return connector_->take_client(); }
  const ServerLimits& limits() const { return connector_->limits(); }
  Version version() const { return connector_->version(); }

  /// Why the run cannot go on, once failed.
  const RunError& failure() const { return *failure_; }

 private:
  void begin_attempt(Clock::time_point now);
  std::unique_ptr<paho::Client> make_client(const Endpoint& endpoint, Version version);
  bool connect_sent() const { return last_ && last_->connect_sent(); }
  std::string next_client_id();
  void look_at_attempt(Clock::time_point now);
  void connector_failed(Clock::time_point now);
  void tell(const Failure& why);
  void fail(ExitCode code, const std::string& text);

  const Options& options() const { return shared_.options; }

  paho::Shared& shared_;
  const paho::MakeClient& make_;
  Log& log_;
  Pauses pauses_;

  State state_ = State::idle;
  std::optional<Clock::time_point> due_{};
  std::unique_ptr<Connector> connector_{};
  std::optional<RunError> failure_{};
  std::optional<Version> settled_{};  ///< The version that this broker turned out to speak.
  std::uint64_t attempts_ = 0;        ///< Numbers of connect() calls.
  std::string client_id_;
  std::shared_ptr<const hooks::ConnectionRecord> last_{};      ///< Of the client made last.
  std::shared_ptr<const hooks::ConnectionRecord> previous_{};  ///< See previous().
  bool answered_ = true;  ///< The CONNECT sent last has had its CONNACK.
  int late_ = 0;          ///< CONNECTs with our id that may still come to the broker.
  std::chrono::seconds keep_alive_;
  Clock::time_point since_{};  ///< When the lack of a connection began.
  bool first_ = true;          ///< There has been no connection yet.
  bool told_ = false;          ///< Why there is none at present.
};

}  // namespace mqtt_tools::connection
