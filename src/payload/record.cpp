// SPDX-License-Identifier: MIT
#include "payload/record.hpp"

#include "bytes.hpp"
#include "payload/json_number.hpp"
#include "payload/json_text.hpp"
#include "text.hpp"
#include "timestamp.hpp"

#include <cstdint>

namespace mqtt_tools::payload {

namespace {

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

void append_number(std::string& out, std::uint64_t number) { append_integer(out, number); }

/// Writes the members of one object, with the commas between them.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }

  /// Begins a member; its value is to be appended to the text.
  std::string& key(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    append_string(out_, key);
    out_ += ':';
    return out_;
  }

  void text(std::string_view key, const std::optional<std::string>& value) {
    if (value) append_text(this->key(key), *value);
  }

  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

/// One number; several, when more than one subscription matched, as an array.
void append_subscription_identifiers(std::string& out, const std::vector<std::uint32_t>& numbers) {
  if (numbers.size() == 1) return append_number(out, numbers.front());
  out += '[';
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) out += ',';
    append_number(out, numbers[i]);
  }
  out += ']';
}

/// An array of objects with one member each: keys may repeat, and their order counts.
void append_user_properties(std::string& out,
                            const std::vector<std::pair<std::string, std::string>>& user) {
  out += '[';
  for (std::size_t i = 0; i < user.size(); ++i) {
    out += i > 0 ? ",{" : "{";
    append_text(out, user[i].first);
    out += ':';
    append_text(out, user[i].second);
    out += '}';
  }
  out += ']';
}

void append_properties(std::string& out, const Properties& properties) {
  Members members{out};
  if (properties.topic_alias) append_number(members.key("topic-alias"), *properties.topic_alias);
  members.text("content-type", properties.content_type);
  members.text("response-topic", properties.response_topic);
  if (const auto& data = properties.correlation_data) {
    if (first_invalid_utf8(*data)) {
      append_string(members.key("correlation-data-base64"), to_base64(*data));
    } else {
      append_string(members.key("correlation-data"), *data);
    }
  }
  if (const auto& format = properties.payload_format) {
    append_integer(members.key("payload-format-indicator"), std::int64_t{*format});
  }
  if (properties.expiry) append_number(members.key("message-expiry-interval"), *properties.expiry);
  if (!properties.subscription_identifiers.empty()) {
    append_subscription_identifiers(members.key("subscription-identifier"),
                                    properties.subscription_identifiers);
  }
  if (!properties.user.empty()) {
    append_user_properties(members.key("user-properties"), properties.user);
  }
  members.end();
}

void append_payload(Members& members, const Decoded& decoded) {
  const std::string& payload = decoded.message().payload;
  const bool known_text = decoded.kind() == Kind::json || decoded.kind() == Kind::text;
  if (known_text || !first_invalid_utf8(payload)) {
    append_string(members.key("payload"), payload);
  } else {
    append_string(members.key("payload_base64"), to_base64(payload));
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

void append_record(std::string& out, const Decoded& decoded, RecordForm form) {
  const Message& message = decoded.message();
  Members members{out};
  append_string(members.key("tst"), to_rfc3339(message.time, 6));
  append_text(members.key("topic"), message.topic);
  append_number(members.key("qos"), static_cast<std::uint64_t>(message.qos));
  members.key("retain") += message.retained ? "true" : "false";
  append_number(members.key("payloadlen"), message.payload.size());
  if (message.qos != Qos::at_most_once && message.id != 0) {
    append_number(members.key("mid"), message.id);
  }
  if (message.duplicate) members.key("dup") += "true";
  if (!message.properties.empty()) {
    append_properties(members.key("properties"), message.properties);
  }
  const auto json = decoded.json();
  if (form == RecordForm::exact || !json) append_payload(members, decoded);
  if (json) append_value(members.key(form == RecordForm::exact ? "value" : "payload"), *json);
  members.end();
}

}  // namespace mqtt_tools::payload
