// SPDX-License-Identifier: MIT

#include "connection/server_limits.hpp"

#include "error.hpp"
#include "text.hpp"

namespace mqtt_tools::connection {

namespace {

/// An upper bound for the PUBLISH that carries `message`: fixed header, topic and its length,
/// packet identifier, properties.
std::size_t packet_size(const Message& message) {
  std::size_t size = message.topic.size() + message.payload.size() + 5 + 2 + 2 + 1;
  if (const auto& properties = message.properties; !properties.empty()) {
    size += 32 + properties.content_type.value_or("").size() +
            properties.response_topic.value_or("").size() +
            properties.correlation_data.value_or("").size();
    for (const auto& [key, value] : properties.user) size += 5 + key.size() + value.size();
  }
  return size;
}

}  // namespace

void check_size(const Message& message) {
  constexpr std::size_t most = max_payload + 5;  // the fixed header does not count
  if (packet_size(message) > most) {
    throw UsageError("the message of " + counted(message.payload.size(), "byte") +
                     " is larger than MQTT allows (268,435,455 bytes with its header)");
  }
}

std::optional<std::string> over_limits(const Message& message, const ServerLimits& limits,
                                       const std::string& broker) {
  if (packet_size(message) > limits.maximum_packet_size) {
    return "a message of " + counted(message.payload.size(), "byte") + " is larger than " + broker +
           " takes: at most " + counted(limits.maximum_packet_size, "byte") + " a packet";
  }
  if (static_cast<int>(message.qos) > limits.maximum_qos) {
    const auto most = std::to_string(limits.maximum_qos);
    return broker + " takes messages with QoS " + most + " at most: use -q " + most;
  }
  if (message.retained && !limits.retain_available) {
    return broker + " does not keep retained messages: leave -r out";
  }
  return std::nullopt;
}

}  // namespace mqtt_tools::connection
