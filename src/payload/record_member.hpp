// SPDX-License-Identifier: MIT
#pragma once

#include "payload/json_text.hpp"

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_tools::payload {

// What a member of a record may be. Each throws UsageError that begins with the key.

[[noreturn]] void refuse_member(std::string_view key, std::string_view what);

std::string text_of_member(std::string_view key, const JsonToken& value);

std::string bytes_of_member(std::string_view key, const JsonToken& base64);

template <class Number>
Number number_of_member(std::string_view key, const JsonToken& value, Number low, Number high) {
  Number result{};
  const char* const end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, result);
  if (value.kind != JsonToken::Kind::number || read.ec != std::errc{} || read.ptr != end ||
      result < low || result > high) {
    refuse_member(
        key, "is not a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return result;
}

}  // namespace mqtt_tools::payload
