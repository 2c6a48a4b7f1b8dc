// SPDX-License-Identifier: MIT
#pragma once

#include "connection/log.hpp"
#include "connection/options.hpp"
#include "connection/paho/client.hpp"
#include "connection/paho/event_queue.hpp"
#include "error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// Packets that were sent over a connection for the sake of their answers: UNSUBSCRIBE of a filter
/// that nobody has. Answers come in order, so that once one is here, all is here that the broker
/// sent before it.
struct Probes {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t latest = 0;  ///< Which one was answered last, counted from 1; 0: none.
};

/// What a client subscribes to at each connection, and how far that has come: asked, granted,
/// refused. A Client owns it; it is used from the main thread.
class Subscriptions {
 public:
  /// What to subscribe to, and what to unsubscribe from first, once. Before a connection is made.
  void set(std::vector<Subscription> subscriptions, std::vector<std::string> unsubscribe);

  /// There is something to subscribe to.
  bool wanted() const { return !subscriptions_.empty(); }

  /// A connection is made, with the broker's word on whether it kept our session. True when there
  /// is nothing to ask for on it.
  bool kept(bool session_present);

  /// Asks the broker for all.
  void ask(paho::Client& client, Log& log) const;

  /// Takes the broker's answer. Why the run cannot go on, if it is a refusal by `broker`.
  std::optional<RunError> answer(const Event& event, const std::string& broker, Log& log);

  /// All is granted.
  bool complete() const;

  /// What of ours the broker has not answered yet, if not complete().
  const char* unanswered() const;

  /// Unsubscribes from a filter that this client does not have, for the answer: see Probes.
  void probe(paho::Client& client, Log& log);

  /// Takes the answer to a probe. False when `event` is something else.
  bool probed(const Event& event);

  const Probes& probes() const { return probes_; }

  /// From now on a session that the broker keeps has our subscriptions.
  void settle() { settled_ = true; }
  bool settled() const { return settled_; }

 private:
  std::vector<Subscription> subscriptions_{};
  std::vector<std::string> unsubscribe_{};
  std::vector<bool> granted_{};
  std::vector<bool> unsubscribed_{};
  bool settled_ = false;
  Probes probes_{};
};

}  // namespace mqtt_tools::connection
