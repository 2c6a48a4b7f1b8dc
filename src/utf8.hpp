// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools {

/// The offset of the first byte that is not part of well-formed UTF-8 (RFC 3629: no surrogates, no
/// overlong forms, nothing above U+10FFFF); nothing if `text` is all UTF-8.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// The offset of the first code point for which brokers close the connection when it stands in text
/// of MQTT: control characters, noncharacters (MQTT 5.0 §1.5.4). Nothing if there is none.
std::optional<std::size_t> first_unwelcome(std::string_view text);

/// One step through text that may be anything.
struct CodePoint {
  char32_t value = 0;      ///< The code point; for an invalid byte, the byte.
  std::size_t length = 1;  ///< How many bytes it takes; 1 for an invalid byte.
  bool valid = true;
};

/// The code point that begins at `text[at]`; `at` is less than the size of `text`.
CodePoint code_point_at(std::string_view text, std::size_t at);

/// Appends a code point as UTF-8.
void append_utf8(std::string& out, char32_t value);

}  // namespace mqtt_tools
