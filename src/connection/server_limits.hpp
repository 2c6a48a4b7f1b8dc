// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_tools::connection {

/// What the broker said about itself when it accepted a connection (MQTT 5.0 §3.2.2.3).
struct ServerLimits {
  std::uint32_t receive_maximum = 65535;  ///< Messages with QoS 1 and 2 in flight.
  std::uint32_t maximum_packet_size = 0xFFFFFFFF;
  int maximum_qos = 2;
  bool retain_available = true;
  std::chrono::seconds server_keep_alive{};  ///< 0: none of its own.
  std::string assigned_client_id{};          ///< Empty: we named it.
  bool session_present = false;
};

/// Whether the broker wants a shorter keep-alive than `ours`, of which 0 is the longest (MQTT 5.0
/// §3.2.2.3.14).
inline bool wants_shorter(std::chrono::seconds ours, const ServerLimits& limits) {
  const auto theirs = limits.server_keep_alive;
  return theirs.count() > 0 && (ours.count() == 0 || theirs < ours);
}

/// Throws UsageError when no broker could take the message: more than MQTT's 268,435,455 bytes
/// (MQTT 5.0 §2.1.4).
void check_size(const Message& message);

/// Why `broker` (its name, for people) would not take `message`, going by the limits it named: too
/// large, QoS or retain not available (MQTT 5.0 §3.2.2.3). Nothing when it may be sent.
std::optional<std::string> over_limits(const Message& message, const ServerLimits& limits,
                                       const std::string& broker);

}  // namespace mqtt_tools::connection
