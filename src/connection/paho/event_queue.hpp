// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/server_limits.hpp"
#include "descriptor.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// Something that happened on one of Paho's threads.
struct Event {
  enum class Kind {
    connected,  ///< CONNACK accepted us: `limits`.
    failed,     ///< No connection: `code` is a CONNACK code or a negative number of Paho's.
    lost,       ///< The connection is gone: `text` is what was said over WebSocket, or none.
    server_disconnect,  ///< The broker sent DISCONNECT: `code`.
    subscribed,         ///< SUBACK for subscription `index`: `code` is the granted QoS or refuses.
    unsubscribed,       ///< UNSUBACK for filter `index`: `code`, 0 under MQTT 3.
    closed,             ///< Our DISCONNECT is written, the connection closed.
    malformed,          ///< The broker sent what MQTT does not allow: `text`.
    no_memory,          ///< For a message that was received: `text` says for which.
    packet,             ///< One that passed: `text`, for --debug. Of whatever connection.
  };

  Kind kind = Kind::lost;
  std::uint64_t connection = 0;  ///< Which attempt to connect it belongs to.
  int code = 0;
  std::size_t index = 0;
  /// As above; of CONNACK, SUBACK, UNSUBACK and DISCONNECT what the broker said beside the code:
  /// its reason string, and the server that it names instead. Untrusted.
  std::string text{};
  ServerLimits limits{};
};

/// Where Paho's threads leave events for the main thread. Nobody waits here: a descriptor tells.
///
/// Any thread calls post() and wake(); the main thread calls the rest. `mutex_` guards the list.
class EventQueue {
 public:
  EventQueue();  ///< Throws RunError when the system has no descriptor left.

  /// Readable when something was posted since clear().
  int fd() const { return fd_.get(); }

  void post(Event event) noexcept;  ///< Any thread. An event that finds no memory is dropped.
  void post_packet(bool ours, hooks::PacketType packet, std::uint16_t id) noexcept;  ///< Likewise.
  void wake() noexcept;       ///< Any thread: there is news elsewhere.
  void clear();               ///< The main thread, before it looks for news.
  std::vector<Event> take();  ///< The main thread: all that was posted, oldest first.

 private:
  Descriptor fd_;
  std::atomic<bool> woken_{false};  ///< fd_ is readable already: saves a system call per event.
  std::mutex mutex_{};
  std::vector<Event> events_{};
};

/// Posts what happens to one client of Paho's, under the number of its connection. The client owns
/// it. Paho's threads call it, and the one that makes calls to Paho; all that it has is constant,
/// atomic or has its own lock. Nothing but connected() can throw.
class ConnectionEvents {
 public:
  /// Both must outlive it. What `record` saw tells why there is no connection any more.
  ConnectionEvents(EventQueue& queue, std::uint64_t connection, hooks::ConnectionRecord& record)
      : queue_(queue), connection_(connection), record_(record) {}

  void wake() noexcept { queue_.wake(); }

  /// What the broker said beside success in this packet; inside Paho's callback for it.
  hooks::PacketGuard::Remark remark(hooks::PacketType packet, int id = 0) {
    return record_.take_remark({packet}, static_cast<std::uint16_t>(id))
        .value_or(hooks::PacketGuard::Remark{});
  }

  void post(Event::Kind kind, int code = 0, std::string text = {}, std::size_t index = 0) noexcept;

  /// CONNACK accepted us.
  void connected(ServerLimits limits);

  /// There is no connection: `code` is Paho's, `reason` the broker's, if it gave one.
  void not_connected(int code, int reason) noexcept;

 private:
  void tell_end(Event& event) const noexcept;

  EventQueue& queue_;
  const std::uint64_t connection_;
  hooks::ConnectionRecord& record_;
};

}  // namespace mqtt_tools::connection
