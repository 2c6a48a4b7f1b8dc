// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// MessagePack as JSON text: binary and extensions in base64, but time stamps as RFC 3339; keys
/// that are no text as text; floating-point numbers as the doubles that they are, NaN and
/// infinities null. Nothing if `bytes` is not exactly one well-formed object that JSON can say,
/// nested at most max_depth levels.
std::optional<std::string> msgpack_to_json(std::string_view bytes);

}  // namespace mqtt_tools::payload
