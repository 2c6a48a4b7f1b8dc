// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// How much of a payload a hexdump shows.
constexpr std::size_t hexdump_limit = 4096;

/// Appends `bytes` as lines of offset, sixteen bytes in hex and the same in ASCII, each line with
/// `margin` before it. Beyond hexdump_limit a last line says how many bytes are not shown. No
/// newline after the last line.
void append_hexdump(std::string& out, std::string_view bytes, std::string_view margin);

}  // namespace mqtt_tools::output
