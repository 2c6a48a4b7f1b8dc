// SPDX-License-Identifier: MIT
#include "payload/envelope.hpp"

#include "bytes.hpp"
#include "error.hpp"
#include "payload/binary.hpp"
#include "payload/json.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::payload {

namespace {

using Input = EnvelopeOptions::Input;
using Encoding = EnvelopeOptions::Encoding;

void check_key(std::string_view what, const std::string& key) {
  if (key.empty()) throw UsageError(std::string(what) + " is empty");
  if (first_invalid_utf8(key)) {
    throw UsageError(std::string(what) + " \"" + escaped(key) + "\" is not UTF-8");
  }
}

/// What the envelope holds comes to stand one level deeper.
void check_json(const std::string& what, std::string_view text, std::size_t depth) {
  if (const auto complaint = json_complaint(text, depth); !complaint.empty()) {
    throw UsageError(what + complaint);
  }
}

void check_field(const Field& field) {
  check_key("the key of a field", field.key);
  const std::string the = "the value of the field \"" + escaped(field.key) + "\" ";
  if (first_invalid_utf8(field.value)) throw UsageError(the + "is not UTF-8");
  if (field.form == Field::Form::json) check_json(the, field.value, max_depth - 1);
}

void check_names(const EnvelopeOptions& options) {
  check_key("the key of the message", options.message_key);
  check_key("the key of the time", options.time_key);
  std::vector<std::string_view> names{options.message_key, options.time_key};
  for (const Field& field : options.fields) names.push_back(field.key);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    throw UsageError("the envelope would have two members named \"" + escaped(*twice) + "\"");
  }
}

/// Appends valid JSON in the way we write it: no blanks, letters instead of escapes.
void append_rewritten(std::string& out, std::string_view json) {
  JsonTokens tokens{json};
  for (JsonToken token = tokens.next(); token.kind != JsonToken::Kind::end; token = tokens.next()) {
    if (token.kind == JsonToken::Kind::key || token.kind == JsonToken::Kind::string) {
      append_requoted(out, token.text);
    } else {
      out += token.text;
    }
  }
}

std::string as_bytes(std::string_view json, Encoding encoding) {
  return encoding == Encoding::cbor ? json_to_cbor(json) : json_to_msgpack(json);
}

}  // namespace

Envelope::Envelope(EnvelopeOptions options) : options_(std::move(options)) {
  if (options_.raw) return;
  check_names(options_);

  for (Field& field : options_.fields) {
    const bool json = field.form == Field::Form::json;
    if (json) field.value = without_byte_order_mark(field.value);
    check_field(field);
    // What the encoding cannot hold is refused before anything is connected or read.
    if (json && options_.encoding != Encoding::json) as_bytes(field.value, options_.encoding);
    std::string written;
    if (json) {
      append_rewritten(written, field.value);
    } else {
      append_string(written, field.value);
    }
    field.value = std::move(written);
    field.form = Field::Form::json;
    fields_size_ += field.key.size() + field.value.size() + 4;
  }
}

std::string Envelope::wrap(std::string text, std::optional<Timestamp> now) const {
  if (options_.raw) return unwrapped(std::move(text));

  std::string json;
  json.reserve(options_.message_key.size() + text.size() + options_.time_key.size() + fields_size_ +
               64);
  {
    JsonObject object{json};
    append_value(object.key(options_.message_key), text);
    if (now) object.text(options_.time_key, options_.time_format.text(*now));
    for (const Field& field : options_.fields) object.key(field.key) += field.value;
  }
  return options_.encoding == Encoding::json ? json : as_bytes(json, options_.encoding);
}

void Envelope::append_value(std::string& out, std::string_view text) const {
  if (options_.input == Input::json) text = without_byte_order_mark(text);
  if (const auto invalid = first_invalid_utf8(text)) {
    throw UsageError("the message is not UTF-8 (byte " + std::to_string(*invalid + 1) +
                     "): use --raw to publish bytes as they are");
  }
  if (options_.input == Input::text) return append_string(out, text);
  check_json("the message ", text, max_depth - 1);
  append_rewritten(out, text);
}

std::string Envelope::unwrapped(std::string text) const {
  if (options_.input == Input::text) return text;
  text.erase(0, text.size() - without_byte_order_mark(text).size());
  if (options_.input == Input::json) {
    check_json("the message ", text, max_depth);
    return text;
  }
  const bool hex = options_.input == Input::hex;
  auto bytes = hex ? from_hex(text) : from_base64(text);
  if (!bytes) {
    throw UsageError(hex ? "the message is not hex; two digits make a byte, as in 00 ff"
                         : "the message is not base64 with its padding, as in Zm9vYg==");
  }
  return std::move(*bytes);
}

void Envelope::announce(Properties& properties) const {
  if (!options_.announce) return;
  const bool json = options_.encoding == Encoding::json;
  if (!properties.payload_format) properties.payload_format = json ? 1 : 0;
  if (properties.content_type) return;
  properties.content_type = json                                  ? "application/json"
                            : options_.encoding == Encoding::cbor ? "application/cbor"
                                                                  : "application/msgpack";
}

Message presence_message(std::string topic, std::string word, bool raw,
                         std::optional<Timestamp> now) {
  const Envelope envelope{EnvelopeOptions{.raw = raw}};
  return {.topic = std::move(topic),
          .payload = envelope.wrap(std::move(word), now),
          .qos = Qos::at_least_once,
          .retained = true};
}

}  // namespace mqtt_tools::payload
