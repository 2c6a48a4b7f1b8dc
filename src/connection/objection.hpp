// SPDX-License-Identifier: MIT
#pragma once

#include "connection/paho/event_queue.hpp"
#include "message.hpp"

#include <optional>
#include <string>

namespace mqtt_tools::connection {

/// Throws UsageError when no broker could take the message: more than MQTT's 268,435,455 bytes
/// (MQTT 5.0 §2.1.4).
void check_size(const Message& message);

/// Why `broker` (its name, for people) would not take `message`, going by the limits it named: too
/// large, QoS or retain not available (MQTT 5.0 §3.2.2.3). Nothing when it may be sent.
std::optional<std::string> objection(const Message& message, const Limits& limits,
                                     const std::string& broker);

}  // namespace mqtt_tools::connection
