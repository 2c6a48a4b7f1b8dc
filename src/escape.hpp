// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mqtt_tools {

enum class Lines { keep, escape };  ///< What becomes of newline and tab.

/// Appends `text` so that no terminal acts on it: C0 and C1 controls, DEL, bidirectional controls
/// and bytes that are not UTF-8 are written as `\x1b`, `\u009b`, `\u202e`, `\xff`; all else stays.
void append_escaped(std::string& out, std::string_view text, Lines lines = Lines::escape);

/// The same, as a new string. For topics, reason strings and whatever else a broker says.
std::string escaped(std::string_view text, Lines lines = Lines::escape);

}  // namespace mqtt_tools
