// SPDX-License-Identifier: MIT
#pragma once

#include "output/colour.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// Appends JSON (valid) for people: token by token, in colour, numbers exactly as written. All on
/// one line: `{"a": 1, "b": [2, 3]}`.
void append_json_line(std::string& out, std::string_view json, const Brush& brush);

/// The same, one member or element a line, two blanks more each level, `margin` before each line.
/// No newline at the end.
void append_json_block(std::string& out, std::string_view json, const Brush& brush,
                       std::string_view margin);

}  // namespace mqtt_tools::output
