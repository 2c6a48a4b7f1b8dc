// SPDX-License-Identifier: MIT
#pragma once

#include "connection/completion.hpp"
#include "connection/hooks/connection_record.hpp"
#include "connection/options.hpp"
#include "connection/shared.hpp"
#include "message.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// One connection, or one attempt at it: a Paho client of its own, so that what a broker does late
/// can touch no other. It is used from the app's thread. Its calls return at once; what comes of
/// them is posted to the mailbox or put into the ring.
class Session {
 public:
  /// Events carry the number `connection`.
  Session(Shared& shared, Endpoint endpoint, Version version, std::string client_id,
          std::uint64_t connection);
  ~Session();  ///< As give_up().
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Begins to connect, once. `limit` is when Paho itself gives up.
  void connect(std::chrono::seconds keep_alive, std::chrono::seconds limit);

  /// From now on nothing is received, acknowledged or sent; a CONNECT that has left gets a
  /// DISCONNECT behind it. Paho's client is destroyed on another thread, before any connect() that
  /// is called later begins. Event::closed follows. Nothing else may be called any more.
  void give_up();

  void subscribe(std::size_t index, const Subscription& subscription);
  void unsubscribe(std::size_t index, const std::string& filter);

  /// Hands a message over; false when Paho has no connection to take it.
  bool send(std::uint64_t id, const Message& message);

  /// Moves what became of messages to `out`.
  void take(std::vector<Completion>& out);

  /// Sends DISCONNECT and closes; Event::closed follows, also when there is nothing to close.
  void disconnect();

  /// What happens on the connection. It outlives this.
  std::shared_ptr<const hooks::ConnectionRecord> record() const;

  const Endpoint& endpoint() const { return endpoint_; }
  std::uint64_t connection() const { return connection_; }

  /// Messages that were handed over and have not come back.
  std::size_t outstanding() const;

 private:
  struct Impl;

  Endpoint endpoint_;
  Version version_;
  std::uint64_t connection_;
  std::shared_ptr<Impl> impl_;  ///< With the calls that are still to be made; none: given up.
};

}  // namespace mqtt_tools::connection
