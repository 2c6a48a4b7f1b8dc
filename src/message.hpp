// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools {

/// No payload is larger, in bytes: what a packet can hold behind its fixed header, topic and
/// properties included (MQTT 5.0 §2.1.4).
constexpr std::size_t max_payload = 268'435'455;

/// Quality of service (MQTT 5.0 §4.3). The value is the one on the wire.
enum class Qos : int { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

/// What MQTT 5 lets a message say about itself (MQTT 5.0 §3.3.2.3). Empty under 3.1.1.
struct Properties {
  std::optional<int> payload_format{};    ///< Payload Format Indicator: 0 bytes, 1 UTF-8.
  std::optional<std::uint32_t> expiry{};  ///< Message Expiry Interval, seconds.
  std::optional<std::uint16_t> topic_alias{};
  std::optional<std::string> content_type{};
  std::optional<std::string> response_topic{};
  std::optional<std::string> correlation_data{};            ///< Bytes.
  std::vector<std::uint32_t> subscription_identifiers{};    ///< Only on messages received.
  std::vector<std::pair<std::string, std::string>> user{};  ///< In order, with repeats.

  bool empty() const { return *this == Properties{}; }
  bool operator==(const Properties&) const = default;
};

/// One message, on its way out or just arrived. It knows neither the broker that carries it nor
/// what its bytes mean.
struct Message {
  std::string topic{};
  std::string payload{};  ///< Bytes, not necessarily text.
  Qos qos = Qos::at_most_once;
  bool retained = false;
  bool duplicate = false;  ///< DUP flag of a message received.
  std::uint16_t id = 0;    ///< Packet identifier of a message received with QoS 1 or 2, else 0.
  Properties properties{};
  Timestamp time{};  ///< When it was made or received.

  bool operator==(const Message&) const = default;
};

/// Bytes of its topic and payload.
inline std::size_t size_of(const Message& message) {
  return message.topic.size() + message.payload.size();
}

/// How much memory they take, about, of what can be of any length.
inline std::size_t size_of(const Properties& properties) {
  std::size_t size = properties.subscription_identifiers.size() * sizeof(std::uint32_t);
  for (const auto* text :
       {&properties.content_type, &properties.response_topic, &properties.correlation_data}) {
    if (*text) size += (*text)->size();
  }
  for (const auto& [name, value] : properties.user) {
    size += sizeof(properties.user.front()) + name.size() + value.size();
  }
  return size;
}

}  // namespace mqtt_tools
