// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/options.hpp"
#include "connection/paho/delivery.hpp"
#include "connection/paho/event_queue.hpp"
#include "connection/paho/receive_queue.hpp"
#include "connection/resolver.hpp"
#include "message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::connection::paho {

/// What the clients of one run have in common. It outlives them all.
struct Shared {
  Options options{};
  EventQueue events{};
  ReceiveQueue received{};
};

/// What one connection is to be.
struct Connection {
  Endpoint endpoint{};
  Address address{};  ///< That is connected to: of the endpoint, or of the proxy.
  Version version = Version::automatic;
  std::string client_id{};
  std::uint64_t number = 0;  ///< Events carry it.
  /// Of the connection that was up before: what its QoS 2 has left open goes on with this one.
  std::shared_ptr<const hooks::ConnectionRecord> previous{};
};

/// One connection, or one attempt at it: a Paho client of its own, so that what a broker does late
/// can touch no other. Its calls return at once; what comes of them is posted to the event queue or
/// put into the receive queue. Going, it gives up.
///
/// The main thread calls it. Tests put a client of their own in its place.
class Client {
 public:
  explicit Client(Connection connection) : connection_(std::move(connection)) {}
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Begins to connect, once. `limit` is when Paho itself gives up.
  virtual void connect(std::chrono::seconds keep_alive, std::chrono::seconds limit) = 0;

  /// From now on nothing is received, acknowledged or sent; a CONNECT that has left gets a
  /// DISCONNECT behind it. Paho's client is destroyed on another thread, before any connect() that
  /// is called later begins. Event::closed follows. Nothing else may be called any more.
  virtual void give_up() = 0;

  virtual void subscribe(std::size_t index, const Subscription& subscription) = 0;
  virtual void unsubscribe(std::size_t index, const std::string& filter) = 0;

  /// Hands a message over; false when Paho has no connection to take it.
  virtual bool send(std::uint64_t id, const Message& message) = 0;

  /// Moves what became of messages to `out`.
  virtual void take(std::vector<Delivery>& out) = 0;

  /// Messages that were handed over and have not come back.
  virtual std::size_t outstanding() const = 0;

  /// Sends DISCONNECT and closes; Event::closed follows, also when there is nothing to close.
  virtual void disconnect() = 0;

  /// What happens on the connection. It outlives this.
  virtual std::shared_ptr<const hooks::ConnectionRecord> record() const = 0;

  const Endpoint& endpoint() const { return connection_.endpoint; }
  std::uint64_t number() const { return connection_.number; }

 protected:
  const Connection connection_;
};

using MakeClient = std::function<std::unique_ptr<Client>(Connection)>;

/// Where calls to Paho are made. A message callback that waits (ReceiveQueue) holds Paho's lock,
/// and any call would wait with it: so a subscriber's calls are made on a thread of their own, in
/// order, and the main thread goes on printing, which makes the room.
enum class Calls { direct, own_thread };

/// Makes Paho's clients for one run; `shared` must live as long as the process, as must what this
/// returns. The main thread calls it.
MakeClient make_clients(Shared& shared, Calls calls);

using MakeClients = std::function<MakeClient(Shared&, Calls)>;

}  // namespace mqtt_tools::connection::paho
