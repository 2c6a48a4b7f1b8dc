// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// What the broker said about itself when it accepted a connection (MQTT 5.0 §3.2.2.3).
struct Limits {
  std::uint32_t receive_maximum = 65535;  ///< Messages with QoS 1 and 2 in flight.
  std::optional<std::uint32_t> maximum_packet_size{};
  int maximum_qos = 2;
  bool retain_available = true;
  std::optional<std::uint16_t> server_keep_alive{};  ///< Seconds.
  std::optional<std::string> assigned_client_id{};
  bool session_present = false;
};

/// Something that happened on one of Paho's threads.
struct Event {
  enum class Kind {
    connected,     ///< CONNACK accepted us: `limits`.
    failed,        ///< No connection: `code` is a CONNACK code or a negative number of Paho's.
    lost,          ///< The connection is gone.
    dismissed,     ///< The broker sent DISCONNECT: `code`, `text` its reason string.
    granted,       ///< SUBACK for subscription `index`: `code` is the granted QoS.
    not_granted,   ///< SUBACK refused subscription `index`: `code`.
    unsubscribed,  ///< UNSUBACK for filter `index`: `code`.
    closed,        ///< Our DISCONNECT is written, the connection closed.
    malformed,     ///< The broker sent what MQTT does not allow: `text`.
    no_memory,     ///< For a message that was received: `text` says for which.
    traced,        ///< A packet, in words, for --debug.
  };

  Kind kind = Kind::traced;
  std::uint64_t connection = 0;  ///< Which attempt to connect it belongs to.
  int code = 0;
  std::size_t index = 0;
  std::string text{};
  Limits limits{};
};

/// Where Paho's threads leave events for the app's thread. Nobody waits here: a descriptor tells.
class Mailbox {
 public:
  Mailbox();  ///< Throws RunError when the system has no descriptor left.
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Readable when something was posted since clear().
  int fd() const { return fd_; }

  void post(Event event) noexcept;  ///< Any thread. An event that finds no memory is dropped.
  void wake() noexcept;             ///< Any thread: there is news elsewhere.
  void clear();                     ///< The app's thread, before it looks for news.
  std::vector<Event> take();        ///< The app's thread: all that was posted, oldest first.

 private:
  int fd_;
  std::atomic<bool> woken_{false};  ///< fd_ is readable already: saves a system call per event.
  std::mutex mutex_{};
  std::vector<Event> events_{};
};

}  // namespace mqtt_tools::connection
