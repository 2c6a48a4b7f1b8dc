// SPDX-License-Identifier: MIT
#include "escape.hpp"

#include "utf8.hpp"

#include <cstdint>

namespace mqtt_tools {

namespace {

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

bool acts_on_terminals(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) ||  // C0, DEL, C1
         value == 0x061C || value == 0x200E || value == 0x200F ||
         (value >= 0x202A && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069);
}

void append_hex(std::string& out, char32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[(value >> shift) & 0xF];
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, Lines lines) {
  std::size_t begin = 0;  // Of what is still to be copied as it is.
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (is_plain(c) || (lines == Lines::keep && (c == '\n' || c == '\t'))) {
      ++at;
      continue;
    }
    const CodePoint point = code_point_at(text, at);
    if (!point.valid || acts_on_terminals(point.value)) {
      out.append(text, begin, at - begin);
      const bool one_byte = point.length == 1;
      out += one_byte ? "\\x" : "\\u";
      append_hex(out, point.value, one_byte ? 2 : 4);
      begin = at + point.length;
    }
    at += point.length;
  }
  out.append(text, begin);
}

std::string escaped(std::string_view text, Lines lines) {
  std::string out;
  out.reserve(text.size());
  append_escaped(out, text, lines);
  return out;
}

}  // namespace mqtt_tools
