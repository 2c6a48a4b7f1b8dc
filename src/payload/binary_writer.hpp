// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mqtt_tools::payload {

// JSON text, for which is_json() holds, in a binary encoding: integers in their shortest form,
// other numbers as the nearest double (four bytes where these say the same), members in their order
// with repeats. Both throw UsageError that names the first number or text which the encoding cannot
// hold: none is rounded to infinity or to zero, and no integer loses digits.

/// CBOR (RFC 8949), all lengths definite. Its integers go from -2^64 to 2^64-1.
std::string json_to_cbor(std::string_view json);

/// MessagePack. Its integers go from -2^63 to 2^64-1.
std::string json_to_msgpack(std::string_view json);

}  // namespace mqtt_tools::payload
