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

/// MessagePack as JSON text: binary and extensions in base64, but time stamps as RFC 3339; keys
/// that are no text as text; floating-point numbers as the doubles that they are, NaN and
/// infinities null. Nothing if `bytes` is not exactly one well-formed object that JSON can say,
/// nested at most max_depth levels.
std::optional<std::string> msgpack_to_json(std::string_view bytes);

// JSON text, for which is_json() holds, in a binary encoding: integers in their shortest form,
// other numbers as the nearest double (four bytes where these say the same), members in their order
// with repeats. Both throw UsageError that names the first number or text which the encoding cannot
// hold: none is rounded to infinity or to zero, and no integer loses digits.

/// CBOR (RFC 8949), all lengths definite. Its integers go from -2^64 to 2^64-1.
std::string json_to_cbor(std::string_view json);

/// MessagePack. Its integers go from -2^63 to 2^64-1.
std::string json_to_msgpack(std::string_view json);

}  // namespace mqtt_tools::payload
