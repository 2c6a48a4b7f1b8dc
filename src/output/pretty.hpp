// SPDX-License-Identifier: MIT
#pragma once

#include "output/printer.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// Shows messages for people: a header (time, topic, in brackets what is unusual), then the payload
/// on the same line if it fits, else below it with two blanks before each line, so that no payload
/// can pass for a header. Nothing reaches the output unescaped, also in a pipe.
std::unique_ptr<Printer> make_pretty_printer(const PrinterOptions& options);

/// How long before `now` something happened, in words ("3 min ago"; "3 min ahead" when a clock is
/// wrong), rounded to one unit. Empty while the two are at most two seconds apart.
std::string age(Timestamp then, Timestamp now);

/// How much of a payload a hexdump shows, in bytes.
constexpr std::size_t hexdump_limit = 4096;

/// Appends `bytes` as lines of offset, bytes in hex and the same in ASCII, each line with `indent`
/// before it: 32, 16, 8 or 4 bytes a line, as many as `width` columns have room for. Beyond
/// hexdump_limit a last line says how many bytes are not shown. No newline after the last line.
void append_hexdump(std::string& out, std::string_view bytes, std::string_view indent,
                    std::size_t width);

}  // namespace mqtt_tools::output
