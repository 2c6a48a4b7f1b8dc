// SPDX-License-Identifier: MIT
#include "cli/message_variables.hpp"

#include "bytes.hpp"
#include "timestamp.hpp"

#include <optional>
#include <string>

namespace mqtt_tools::cli {
namespace {

constexpr int time_digits = 6;

}  // namespace

std::vector<Variable> message_variables(const Message& message) {
  const Properties& properties = message.properties;
  const auto number = [](auto value) { return std::optional{std::to_string(value)}; };
  return {{"MQTT_TOPIC", message.topic},
          {"MQTT_QOS", number(static_cast<int>(message.qos))},
          {"MQTT_RETAIN", number(message.retained ? 1 : 0)},
          {"MQTT_PAYLOADLEN", number(message.payload.size())},
          {"MQTT_MID", message.id != 0 ? number(message.id) : std::nullopt},
          {"MQTT_TIME", to_rfc3339(message.time, time_digits)},
          {"MQTT_CONTENT_TYPE", properties.content_type},
          {"MQTT_RESPONSE_TOPIC", properties.response_topic},
          // Bytes have no other way into an environment.
          {"MQTT_CORRELATION_DATA_BASE64",
           properties.correlation_data ? std::optional{to_base64(*properties.correlation_data)}
                                       : std::nullopt}};
}

}  // namespace mqtt_tools::cli
