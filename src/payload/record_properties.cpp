// SPDX-License-Identifier: MIT
#include "payload/record_properties.hpp"

#include "error.hpp"
#include "payload/json_members.hpp"
#include "payload/record_member.hpp"
#include "text.hpp"
#include "topic.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

namespace {

using TokenKind = JsonToken::Kind;

constexpr std::size_t longest_text = 65535;  // MQTT 5.0 §1.5.4

/// A string that fits into MQTT's length of two bytes.
std::string short_text(std::string_view key, const JsonToken& value) {
  std::string result = text_of_member(key, value);
  if (result.size() > longest_text) refuse_member(key, "is longer than 65,535 bytes");
  return result;
}

/// The same, of characters that brokers let pass.
std::string welcome_text(std::string_view key, const JsonToken& value) {
  std::string result = short_text(key, value);
  if (const auto at = first_unwelcome(result)) {
    refuse_member(key, "has a control character or noncharacter (byte " + std::to_string(*at + 1) +
                           "); brokers close the connection then");
  }
  return result;
}

std::string response_topic(const JsonToken& value) {
  std::string topic = text_of_member("response-topic", value);
  try {
    if (!topic.empty()) check_topic(topic);  // Empty is useless, and brokers let it pass.
  } catch (const UsageError& error) {
    refuse_member("response-topic:", error.what());
  }
  return topic;
}

void add_user_properties(Properties& properties, const JsonToken& object) {
  if (object.kind != TokenKind::begin_object) {
    refuse_member("user-properties", "is not an array of objects");
  }
  for_each_member(object.text, [&](std::string_view key, const JsonToken& value) {
    properties.user.emplace_back(welcome_text("a key of user-properties", {TokenKind::string, key}),
                                 welcome_text("a value of user-properties", value));
  });
}

void read_property(Properties& properties, const std::string& key, const JsonToken& value) {
  constexpr std::uint32_t highest_identifier = 268435455;  // MQTT 5.0 §3.8.2.1.2
  if (key == "topic-alias") {
    properties.topic_alias = number_of_member<std::uint16_t>(key, value, 0, 65535);
  } else if (key == "content-type") {
    properties.content_type = welcome_text(key, value);
  } else if (key == "response-topic") {
    properties.response_topic = response_topic(value);
  } else if (key == "correlation-data") {
    properties.correlation_data = short_text(key, value);
  } else if (key == "correlation-data-base64") {
    properties.correlation_data = bytes_of_member(key, value);
    if (properties.correlation_data->size() > longest_text) {
      refuse_member(key, "stands for more than 65,535 bytes");
    }
  } else if (key == "payload-format-indicator") {
    properties.payload_format = number_of_member<int>(key, value, 0, 1);
  } else if (key == "message-expiry-interval") {
    properties.expiry =
        number_of_member<std::uint32_t>(key, value, 0, std::numeric_limits<std::uint32_t>::max());
  } else if (key == "subscription-identifier") {
    const auto add = [&](const JsonToken& identifier) {
      properties.subscription_identifiers.push_back(
          number_of_member<std::uint32_t>(key, identifier, 1, highest_identifier));
    };
    value.kind == TokenKind::begin_array ? for_each_element(value.text, add) : add(value);
  } else if (key == "user-properties") {
    const auto add = [&](const JsonToken& object) { add_user_properties(properties, object); };
    value.kind == TokenKind::begin_array ? for_each_element(value.text, add) : add(value);
  }
}

}  // namespace

Properties read_properties(const JsonToken& object) {
  if (object.kind != TokenKind::begin_object) refuse_member("properties", "is not an object");
  Properties properties;
  for_each_member(object.text, [&](std::string_view key, const JsonToken& value) {
    read_property(properties, unquoted(key), value);
  });
  return properties;
}

}  // namespace mqtt_tools::payload
