// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools {

/// Appends `value` as lower-case hex digits, the last `digits` (at most 16) of them.
void append_hex(std::string& out, std::uint64_t value, int digits);

std::string to_hex(std::string_view bytes);     ///< Two lower-case digits for each byte.
std::string to_base64(std::string_view bytes);  ///< RFC 4648, with padding, without line breaks.

/// So many random bytes as hex digits.
std::string random_hex(int bytes);

/// Hex digits, blanks between bytes allowed; nothing if `text` is not that.
std::optional<std::string> from_hex(std::string_view text);

/// Whether `letter` stands for itself anywhere in a URL (RFC 3986 §2.3).
bool is_unreserved(char letter);

/// Writes a byte that is not `plain` as '%' and two hex digits (RFC 3986 §2.1).
std::string percent_encoded(std::string_view bytes,
                            const std::function<bool(char)>& plain = is_unreserved);

/// The reverse; nothing if `text` is not that.
std::optional<std::string> percent_decoded(std::string_view text);

/// RFC 4648 base64 with padding, line breaks allowed; nothing if `text` is not that.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace mqtt_tools
