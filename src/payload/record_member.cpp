// SPDX-License-Identifier: MIT
#include "payload/record_member.hpp"

#include "bytes.hpp"
#include "error.hpp"

#include <utility>

namespace mqtt_tools::payload {

void refuse_member(std::string_view key, std::string_view what) {
  throw UsageError(std::string(key) + ' ' + std::string(what));
}

std::string text_of_member(std::string_view key, const JsonToken& value) {
  if (value.kind != JsonToken::Kind::string) refuse_member(key, "is not a string");
  return unquoted(value.text);
}

std::string bytes_of_member(std::string_view key, const JsonToken& base64) {
  auto bytes = from_base64(text_of_member(key, base64));
  if (!bytes) refuse_member(key, "is not base64");
  return std::move(*bytes);
}

}  // namespace mqtt_tools::payload
