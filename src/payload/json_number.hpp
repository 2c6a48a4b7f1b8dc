// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// Appends a number as JSON text: all digits of an integer; the shortest text that gives the same
/// floating-point number again, `null` for what JSON cannot say.
void append_integer(std::string& out, std::uint64_t value);
void append_integer(std::string& out, std::int64_t value);
void append_real(std::string& out, double value);

/// A JSON number in the one form that all texts of the same decimal number share, and no other
/// number has: `25`, `25.0` and `2.5e1` give the same. Exact however long it is, in linear time.
std::string canonical_number(std::string_view token);

}  // namespace mqtt_tools::payload
