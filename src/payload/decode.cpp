// SPDX-License-Identifier: MIT
#include "payload/decode.hpp"

#include "bytes.hpp"
#include "payload/binary.hpp"
#include "payload/json.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools::payload {

namespace {

/// "Application/JSON; charset=utf-8" as "application/json".
std::string media_type(std::string_view content_type) {
  const std::string_view blanks = " \t";
  content_type = content_type.substr(0, content_type.find(';'));
  content_type.remove_prefix(std::min(content_type.find_first_not_of(blanks), content_type.size()));
  content_type = content_type.substr(0, content_type.find_last_not_of(blanks) + 1);
  return lower_case(content_type);
}

}  // namespace

DecodeAs meaning_of(std::string_view content_type) {
  const std::string type = media_type(content_type);
  const auto ends_with = [&type](std::string_view end) { return type.ends_with(end); };
  if (type == "application/json" || ends_with("+json")) return DecodeAs::json;
  if (type == "application/cbor" || ends_with("+cbor")) return DecodeAs::cbor;
  if (type == "application/msgpack" || type == "application/x-msgpack" ||
      type == "application/vnd.msgpack" || ends_with("+msgpack")) {
    return DecodeAs::msgpack;
  }
  return type.starts_with("text/") ? DecodeAs::text : DecodeAs::automatic;
}

Kind Decoded::kind() const {
  decode();
  return kind_;
}

std::optional<std::string_view> Decoded::json() const {
  switch (kind()) {
    case Kind::json:
      return message_->payload;
    case Kind::cbor:
    case Kind::msgpack:
      return made_;
    default:
      return std::nullopt;
  }
}

std::string_view Decoded::shown() const {
  decode();
  return made_.empty() ? std::string_view{message_->payload} : made_;
}

std::string_view Decoded::raw() const {
  return as_ == DecodeAs::automatic ? std::string_view{message_->payload} : shown();
}

void Decoded::decode() const {
  if (done_) return;
  done_ = true;
  kind_ = Kind::empty;
  if (message_->payload.empty()) return;

  kind_ = Kind::binary;
  if (as_ != DecodeAs::automatic) {
    fits(as_);
    return;
  }
  const auto& content_type = message_->properties.content_type;
  if (content_type && fits(meaning_of(*content_type))) return;
  // Not CBOR or MessagePack: many bytes are well-formed by chance.
  if (!fits(DecodeAs::json)) fits(DecodeAs::text);
}

/// Reads the payload as `as` says. False when that is not possible; it stays binary then.
bool Decoded::fits(DecodeAs as) const {
  const std::string& payload = message_->payload;
  const auto make = [this](std::optional<std::string> json, Kind kind) {
    if (!json) return false;
    made_ = std::move(*json);
    kind_ = kind;
    return true;
  };
  switch (as) {
    case DecodeAs::json:
      if (!is_json(payload)) return false;
      kind_ = Kind::json;
      return true;
    case DecodeAs::text:
      if (first_invalid_utf8(payload)) return false;
      kind_ = Kind::text;
      return true;
    case DecodeAs::cbor:
      return make(cbor_to_json(payload), Kind::cbor);
    case DecodeAs::msgpack:
      return make(msgpack_to_json(payload), Kind::msgpack);
    case DecodeAs::hex:
      return make(to_hex(payload), Kind::binary);
    case DecodeAs::base64:
      return make(to_base64(payload), Kind::binary);
    case DecodeAs::binary:
      return true;
    case DecodeAs::automatic:
      break;
  }
  return false;
}

}  // namespace mqtt_tools::payload
