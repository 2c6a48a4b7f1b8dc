// SPDX-License-Identifier: MIT
#include "error.hpp"
#include "payload/encoding.hpp"
#include "payload/json_members.hpp"
#include "payload/record.hpp"
#include "topic.hpp"
#include "utf8.hpp"

#include <charconv>
#include <cstdint>
#include <limits>

namespace mqtt_tools::payload {

namespace {

using TokenKind = JsonToken::Kind;

constexpr std::size_t longest_text = 65535;  // MQTT 5.0 §1.5.4

[[noreturn]] void refuse(std::string_view key, std::string_view what) {
  throw UsageError(std::string(key) + ' ' + std::string(what));
}

std::string text(std::string_view key, const JsonToken& value) {
  if (value.kind != TokenKind::string) refuse(key, "is not a string");
  return unquoted(value.text);
}

/// A string that fits into MQTT's length of two bytes.
std::string short_text(std::string_view key, const JsonToken& value) {
  std::string result = text(key, value);
  if (result.size() > longest_text) refuse(key, "is longer than 65,535 bytes");
  return result;
}

/// The same, of characters that brokers let pass.
std::string welcome_text(std::string_view key, const JsonToken& value) {
  std::string result = short_text(key, value);
  if (const auto at = first_unwelcome(result)) {
    refuse(key, "has a control character or noncharacter (byte " + std::to_string(*at + 1) +
                    "); brokers close the connection then");
  }
  return result;
}

std::string response_topic(const JsonToken& value) {
  std::string topic = text("response-topic", value);
  try {
    if (!topic.empty()) check_topic(topic);  // Empty is useless, and brokers let it pass.
  } catch (const UsageError& error) {
    refuse("response-topic:", error.what());
  }
  return topic;
}

std::string bytes_of_base64(std::string_view key, const JsonToken& value) {
  auto bytes = from_base64(text(key, value));
  if (!bytes) refuse(key, "is not base64");
  return std::move(*bytes);
}

template <class Number>
Number number(std::string_view key, const JsonToken& value, Number low, Number high) {
  Number result{};
  const char* end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, result);
  if (value.kind != TokenKind::number || read.ec != std::errc{} || read.ptr != end ||
      result < low || result > high) {
    refuse(key,
           "is not a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return result;
}

/// Older versions of mosquitto_sub write flags as 0 and 1.
bool flag(std::string_view key, const JsonToken& value) {
  if (value.text == "true" || value.text == "1") return true;
  if (value.text != "false" && value.text != "0") refuse(key, "must be true or false");
  return false;
}

Qos qos(const JsonToken& value) {
  if (value.text == "0") return Qos::at_most_once;
  if (value.text == "1") return Qos::at_least_once;
  if (value.text != "2") refuse("qos", "must be 0, 1 or 2");
  return Qos::exactly_once;
}

/// RFC 3339; also as mosquitto_sub writes it, with "Z+0000" or "+0100" at its end.
Timestamp time(const JsonToken& value) {
  std::string rfc3339 = text("tst", value);
  const std::string_view zulu = "Z+0000";
  const std::size_t size = rfc3339.size();
  if (rfc3339.ends_with(zulu)) {
    rfc3339.resize(size - zulu.size() + 1);
  } else if (size > 5 && (rfc3339[size - 5] == '+' || rfc3339[size - 5] == '-')) {
    rfc3339.insert(size - 2, 1, ':');
  }
  const auto time = from_rfc3339(rfc3339);
  if (!time) refuse("tst", "is not a time such as 2026-11-23T18:15:00.123456Z");
  return *time;
}

void add_user_properties(Properties& properties, const JsonToken& object) {
  if (object.kind != TokenKind::begin_object) {
    refuse("user-properties", "is not an array of objects");
  }
  for_each_member(object.text, [&](std::string_view key, const JsonToken& value) {
    properties.user.emplace_back(welcome_text("a key of user-properties", {TokenKind::string, key}),
                                 welcome_text("a value of user-properties", value));
  });
}

void read_property(Properties& properties, const std::string& key, const JsonToken& value) {
  constexpr std::uint32_t highest_identifier = 268435455;  // MQTT 5.0 §3.8.2.1.2
  if (key == "topic-alias") {
    properties.topic_alias = number<std::uint16_t>(key, value, 0, 65535);
  } else if (key == "content-type") {
    properties.content_type = welcome_text(key, value);
  } else if (key == "response-topic") {
    properties.response_topic = response_topic(value);
  } else if (key == "correlation-data") {
    properties.correlation_data = short_text(key, value);
  } else if (key == "correlation-data-base64") {
    properties.correlation_data = bytes_of_base64(key, value);
    if (properties.correlation_data->size() > longest_text) {
      refuse(key, "stands for more than 65,535 bytes");
    }
  } else if (key == "payload-format-indicator") {
    properties.payload_format = number<int>(key, value, 0, 1);
  } else if (key == "message-expiry-interval") {
    properties.expiry =
        number<std::uint32_t>(key, value, 0, std::numeric_limits<std::uint32_t>::max());
  } else if (key == "subscription-identifier") {
    const auto add = [&](const JsonToken& identifier) {
      properties.subscription_identifiers.push_back(
          number<std::uint32_t>(key, identifier, 1, highest_identifier));
    };
    value.kind == TokenKind::begin_array ? for_each_element(value.text, add) : add(value);
  } else if (key == "user-properties") {
    const auto add = [&](const JsonToken& object) { add_user_properties(properties, object); };
    value.kind == TokenKind::begin_array ? for_each_element(value.text, add) : add(value);
  }
}

Properties read_properties(const JsonToken& object) {
  if (object.kind != TokenKind::begin_object) refuse("properties", "is not an object");
  Properties properties;
  for_each_member(object.text, [&](std::string_view key, const JsonToken& value) {
    read_property(properties, unquoted(key), value);
  });
  return properties;
}

/// What a record is made of, and which of its members have been met.
class RecordReader {
 public:
  void member(const std::string& key, const JsonToken& value) {
    if (key == "tst") {
      message_.time = time(value);
    } else if (key == "topic") {
      message_.topic = text(key, value);
      has_topic_ = true;
    } else if (key == "qos") {
      message_.qos = qos(value);
    } else if (key == "retain") {
      message_.retained = flag(key, value);
    } else if (key == "mid") {
      message_.id = number<std::uint16_t>(key, value, 0, 65535);
    } else if (key == "dup") {
      message_.duplicate = flag(key, value);
    } else if (key == "properties") {
      message_.properties = read_properties(value);
    } else if (key == "payload") {
      // mosquitto_sub's word for an empty one.
      set_payload(value.text == "null" ? std::string{} : text(key, value));
    } else if (key == "payload_base64") {
      set_payload(bytes_of_base64(key, value));
    }
  }

  Message result() && {
    if (!has_topic_) throw UsageError("no topic");
    check_topic(message_.topic);
    if (!has_payload_) throw UsageError("no payload");
    return std::move(message_);
  }

 private:
  void set_payload(std::string payload) {
    if (has_payload_) throw UsageError("more than one payload");
    message_.payload = std::move(payload);
    has_payload_ = true;
  }

  Message message_{};
  bool has_topic_ = false;
  bool has_payload_ = false;
};

}  // namespace

Message parse_record(std::string_view line) {
  // The value in it may nest as deep as any payload.
  if (!is_json(line, max_depth + 1)) throw UsageError("not JSON");
  if (JsonTokens{line}.next().kind != TokenKind::begin_object)
    throw UsageError("not a JSON object");
  RecordReader reader;
  for_each_member(line, [&reader](std::string_view key, const JsonToken& value) {
    reader.member(unquoted(key), value);
  });
  return std::move(reader).result();
}

}  // namespace mqtt_tools::payload
