// SPDX-License-Identifier: MIT
#pragma once

#include "connection/completion.hpp"
#include "connection/hooks/packet_guard.hpp"
#include "connection/options.hpp"
#include "connection/shared.hpp"
#include "message.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// One Paho client for one endpoint and protocol version. It connects when told, and again after a
/// loss. Its calls return at once; what comes of them is posted to the mailbox or put into the
/// ring.
class Session {
 public:
  Session(Shared& shared, Endpoint endpoint, Version version);
  ~Session();  ///< Waits for Paho's threads: a last resort, never on the way out.
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Begins to connect; events carry the number `connection`. `limit` is when Paho itself gives up.
  void connect(std::uint64_t connection, std::chrono::seconds keep_alive,
               std::chrono::seconds limit);

  void subscribe(std::size_t index, const Subscription& subscription);
  void unsubscribe(std::size_t index, const std::string& filter);

  /// Hands a message over; false when Paho has no connection to take it.
  bool send(std::uint64_t id, const Message& message);

  /// Moves what became of messages to `out`.
  void take(std::vector<Completion>& out);

  /// Sends DISCONNECT and closes; Event::closed follows, also when there is nothing to close.
  void disconnect();

  /// QoS 2 messages that came over the last connection and were not released.
  hooks::PacketGuard::UnreleasedById unreleased() const;

  const Endpoint& endpoint() const { return endpoint_; }
  Version version() const { return version_; }

  /// A connect() is under way that Paho has not ended yet.
  bool pending() const;

  /// Messages that were handed over and have not come back.
  std::size_t outstanding() const;

 private:
  struct Impl;

  Endpoint endpoint_;
  Version version_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqtt_tools::connection
