// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace mqtt_tools::payload {

/// Appends a number as JSON text: all digits of an integer; the shortest text that gives the same
/// floating-point number again, `null` for what JSON cannot say.
void append_integer(std::string& out, std::uint64_t value);
void append_integer(std::string& out, std::int64_t value);
void append_real(std::string& out, float value);
void append_real(std::string& out, double value);

}  // namespace mqtt_tools::payload
