// SPDX-License-Identifier: MIT
#include "payload/record.hpp"

#include "bytes.hpp"
#include "error.hpp"
#include "payload/binary.hpp"
#include "payload/json.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"
#include "timestamp.hpp"
#include "topic.hpp"

#include <cstdint>
#include <limits>
#include <set>
#include <utility>

namespace mqtt_tools::payload {

namespace {

using TokenKind = JsonToken::Kind;

// What a member of a record may be. Each throws UsageError that begins with the key.

[[noreturn]] void refuse_member(std::string_view key, std::string_view what) {
  throw UsageError(std::string(key) + ' ' + std::string(what));
}

std::string text_of_member(std::string_view key, const JsonToken& value) {
  if (value.kind != JsonToken::Kind::string) refuse_member(key, "is not a string");
  std::string text = exact_text(value.text);
  if (first_invalid_utf8(text)) {  // It is of the line, which is UTF-8.
    refuse_member(key, "has half of a surrogate pair (\\ud800 to \\udfff), which no text can hold");
  }
  return text;
}

std::string bytes_of_member(std::string_view key, const JsonToken& base64) {
  auto bytes = from_base64(text_of_member(key, base64));
  if (!bytes) refuse_member(key, "is not base64");
  return std::move(*bytes);
}

/// The members that were met. Of two with one name, it would be a matter of luck which one counts.
class MemberNames {
 public:
  void add(const std::string& name) {
    if (!names_.insert(name).second) {
      throw UsageError("more than one " + escaped(shortened(name, 60)));
    }
  }

  bool has(const std::string& name) const { return names_.contains(name); }

 private:
  std::set<std::string> names_{};
};

template <class Number>
Number number_of_member(std::string_view key, const JsonToken& value, Number low = 0,
                        Number high = std::numeric_limits<Number>::max()) {
  const auto result = to_number<Number>(value.text);
  if (!result || *result < low || *result > high) {
    refuse_member(
        key, "is not a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return *result;
}

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

/// A topic to which an answer can be published.
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
    properties.topic_alias = number_of_member<std::uint16_t>(key, value);
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
    properties.expiry = number_of_member<std::uint32_t>(key, value);
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

/// Those that no message can have or no broker takes are refused.
Properties read_properties(const JsonToken& object) {
  if (object.kind != TokenKind::begin_object) refuse_member("properties", "is not an object");
  Properties properties;
  MemberNames met;
  for_each_member(object.text, [&](std::string_view key, const JsonToken& value) {
    const std::string name = unquoted(key);
    // What a message may have more than once, mosquitto_sub may write more than once.
    const bool list = name == "subscription-identifier" || name == "user-properties";
    if (!list) met.add(name == "correlation-data-base64" ? "correlation-data" : name);
    read_property(properties, name, value);
  });
  return properties;
}

/// Older versions of mosquitto_sub write flags as 0 and 1.
bool flag(std::string_view key, const JsonToken& value) {
  if (value.text == "true" || value.text == "1") return true;
  if (value.text != "false" && value.text != "0") refuse_member(key, "must be true or false");
  return false;
}

Qos qos(const JsonToken& value) {
  if (value.text == "0") return Qos::at_most_once;
  if (value.text == "1") return Qos::at_least_once;
  if (value.text != "2") refuse_member("qos", "must be 0, 1 or 2");
  return Qos::exactly_once;
}

/// RFC 3339; also as mosquitto_sub writes it, with "Z+0100" or "+0100" at its end: local time.
Timestamp time(const JsonToken& value) {
  std::string rfc3339 = text_of_member("tst", value);
  const std::size_t size = rfc3339.size();
  if (size > 6 && (rfc3339[size - 5] == '+' || rfc3339[size - 5] == '-')) {
    rfc3339.insert(size - 2, 1, ':');
    if (rfc3339[size - 6] == 'Z') rfc3339.erase(size - 6, 1);
  }
  const auto time = from_rfc3339(rfc3339);
  if (!time) refuse_member("tst", "is not a time such as 2026-11-23T18:15:00.123456Z");
  return *time;
}

/// Bytes that %J wrote as the value they stand for; `size` is how many they were, if that is known.
/// Not every value says what it was made of.
std::string bytes_of_value(std::string_view json, std::string_view content_type,
                           std::optional<std::size_t> size) {
  std::string bytes =
      meaning_of(content_type) == DecodeAs::cbor ? json_to_cbor(json) : json_to_msgpack(json);
  if (size && *size != bytes.size()) {
    refuse_member("payload", "is the value of a payload of type " + escaped(content_type) +
                                 ", whose bytes it does not tell; %j and -o json record them");
  }
  return bytes;
}

/// What a record is made of, and which of its members have been met.
class RecordReader {
 public:
  void member(const std::string& key, const JsonToken& value) {
    met_.add(key == "payload_base64" ? "payload" : key);
    if (key == "tst") {
      message_.time = time(value);
    } else if (key == "topic") {
      message_.topic = text_of_member(key, value);
    } else if (key == "qos") {
      message_.qos = qos(value);
    } else if (key == "retain") {
      message_.retained = flag(key, value);
    } else if (key == "mid") {
      message_.id = number_of_member<std::uint16_t>(key, value);
    } else if (key == "dup") {
      message_.duplicate = flag(key, value);
    } else if (key == "properties") {
      message_.properties = read_properties(value);
    } else if (key == "payloadlen") {
      payload_size_ = to_number<std::size_t>(value.text);
    } else if (key == "payload") {
      payload_ = value;
    } else if (key == "payload_base64") {
      message_.payload = bytes_of_member(key, value);
    }
  }

  Message result() && {
    if (!met_.has("topic")) throw UsageError("no topic");
    check_topic(message_.topic);
    if (!met_.has("payload")) throw UsageError("no payload");
    if (payload_) message_.payload = payload();
    return std::move(message_);
  }

 private:
  /// The text itself, or the JSON value that %J wrote in its place. Of the texts `on` and `"on"` it
  /// made the same; their sizes differ.
  std::string payload() const {
    const std::string type = message_.properties.content_type.value_or("");
    const bool binary = meaning_of(type) == DecodeAs::cbor || meaning_of(type) == DecodeAs::msgpack;
    const bool whole = payload_size_ == payload_->text.size();
    if (payload_->kind == TokenKind::string) {
      std::string text = text_of_member("payload", *payload_);
      const bool other = payload_size_ && payload_size_ != text.size();
      if (other && whole) return std::string(payload_->text);
      return other && binary ? bytes_of_value(payload_->text, type, payload_size_) : text;
    }
    if (payload_->text == "null" && !whole && !binary) {
      return {};  // mosquitto_sub's word for an empty one.
    }
    return binary ? bytes_of_value(payload_->text, type, payload_size_) : compact(payload_->text);
  }

  Message message_{};
  MemberNames met_{};
  std::optional<JsonToken> payload_{};
  std::optional<std::size_t> payload_size_{};
};

/// Appends text that should be UTF-8 but comes from a broker; bytes that are not become U+FFFD.
void append_text(std::string& out, std::string_view text) {
  if (!first_invalid_utf8(text)) return append_string(out, text);
  std::string repaired;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    append_utf8(repaired, point.valid ? point.value : U'\uFFFD');
    at += point.length;
  }
  append_string(out, repaired);
}

void append_text_member(JsonObject& object, std::string_view key,
                        const std::optional<std::string>& value) {
  if (value) append_text(object.key(key), *value);
}

/// One number; several, when more than one subscription matched, as an array.
void append_subscription_identifiers(std::string& out, const std::vector<std::uint32_t>& numbers) {
  std::vector<std::string> texts;
  for (const std::uint32_t number : numbers) texts.push_back(std::to_string(number));
  out += numbers.size() == 1 ? texts[0] : "[" + joined(texts, ",") + "]";
}

/// An array of objects with one member each: keys may repeat, and their order counts.
void append_user_properties(std::string& out,
                            const std::vector<std::pair<std::string, std::string>>& user) {
  std::string_view before = "[{";
  for (const auto& [name, value] : user) {
    out += before;
    append_text(out, name);
    out += ':';
    append_text(out, value);
    before = "},{";
  }
  out += "}]";
}

void append_properties(std::string& out, const Properties& properties) {
  JsonObject object{out};
  if (properties.topic_alias) object.number("topic-alias", *properties.topic_alias);
  append_text_member(object, "content-type", properties.content_type);
  append_text_member(object, "response-topic", properties.response_topic);
  if (const auto& data = properties.correlation_data) {
    if (first_invalid_utf8(*data)) {
      object.text("correlation-data-base64", to_base64(*data));
    } else {
      object.text("correlation-data", *data);
    }
  }
  if (const auto& format = properties.payload_format) {
    object.key("payload-format-indicator") += std::to_string(*format);
  }
  if (properties.expiry) object.number("message-expiry-interval", *properties.expiry);
  if (!properties.subscription_identifiers.empty()) {
    append_subscription_identifiers(object.key("subscription-identifier"),
                                    properties.subscription_identifiers);
  }
  if (!properties.user.empty()) {
    append_user_properties(object.key("user-properties"), properties.user);
  }
}

void append_payload(JsonObject& object, const Decoded& decoded) {
  const std::string& payload = decoded.message().payload;
  const bool known_text = decoded.kind() == Kind::json || decoded.kind() == Kind::text;
  if (known_text || !first_invalid_utf8(payload)) {
    object.text("payload", payload);
  } else {
    object.text("payload_base64", to_base64(payload));
  }
}

bool has_surrogate_escape(std::string_view json) {
  return json.find("\\ud") != std::string_view::npos || json.find("\\uD") != std::string_view::npos;
}

/// Appends the payload's value without blanks. RFC 8259 lets `"\ud800"` pass, jq does not: a
/// surrogate without its other half becomes U+FFFD here; the exact payload stands beside it.
void append_value(std::string& out, std::string_view json) {
  if (!has_surrogate_escape(json)) return append_compact(out, json);
  JsonTokens tokens{json};
  for (JsonToken token = tokens.next(); token.kind != JsonToken::Kind::end; token = tokens.next()) {
    const bool is_text =
        token.kind == JsonToken::Kind::key || token.kind == JsonToken::Kind::string;
    if (is_text && has_surrogate_escape(token.text)) {
      append_string(out, unquoted(token.text));
    } else {
      out += token.text;
    }
  }
}

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

void append_record(std::string& out, const Decoded& decoded, RecordForm form) {
  const Message& message = decoded.message();
  JsonObject object{out};
  object.text("tst", to_rfc3339(message.time, 6));
  append_text(object.key("topic"), message.topic);
  object.number("qos", static_cast<std::uint64_t>(message.qos));
  object.key("retain") += message.retained ? "true" : "false";
  object.number("payloadlen", message.payload.size());
  if (message.qos != Qos::at_most_once && message.id != 0) object.number("mid", message.id);
  if (message.duplicate) object.key("dup") += "true";
  if (!message.properties.empty()) append_properties(object.key("properties"), message.properties);
  const auto json = decoded.json();
  if (form == RecordForm::exact || !json) append_payload(object, decoded);
  if (json) append_value(object.key(form == RecordForm::exact ? "value" : "payload"), *json);
}

}  // namespace mqtt_tools::payload
