// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools {

std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);

/// Hex digits, blanks between bytes allowed; nothing if `text` is not that.
std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 base64 with padding, line breaks allowed; nothing if `text` is not that.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace mqtt_tools
