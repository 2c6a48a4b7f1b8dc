// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// CBOR (RFC 8949) as JSON text: byte strings in base64, keys that are no text as text, of a tagged
/// item the item, floating-point numbers as the doubles that they are, NaN and infinities null.
/// Nothing if `bytes` is not exactly one well-formed item that JSON can say, nested at most
/// max_depth levels.
std::optional<std::string> cbor_to_json(std::string_view bytes);

}  // namespace mqtt_tools::payload
