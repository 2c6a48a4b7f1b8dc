// SPDX-License-Identifier: MIT
#pragma once

#include "output/field.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// The payload in a field: its text, its bytes in hex, or the number that its bytes are (nothing if
/// they are not as many as a float or double has).
void append_payload(std::string& out, const Field& field, std::string_view payload, bool terminal);
void append_payload_in_hex(std::string& out, const Field& field, std::string_view payload);
void append_payload_as_float(std::string& out, const Field& field, std::string_view payload);
void append_payload_as_double(std::string& out, const Field& field, std::string_view payload);

}  // namespace mqtt_tools::output
