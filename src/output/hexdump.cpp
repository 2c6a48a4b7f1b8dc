// SPDX-License-Identifier: MIT
#include "output/hexdump.hpp"

namespace mqtt_tools::output {

namespace {

constexpr std::size_t row = 16;
constexpr char digits[] = "0123456789abcdef";

void append_byte(std::string& out, unsigned char byte) {
  out += digits[byte >> 4];
  out += digits[byte & 0xf];
}

void append_row(std::string& out, std::size_t offset, std::string_view bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    append_byte(out, static_cast<unsigned char>(offset >> shift));
  }
  for (std::size_t i = 0; i < row; ++i) {
    out += i % (row / 2) == 0 ? "  " : " ";
    if (i < bytes.size()) {
      append_byte(out, static_cast<unsigned char>(bytes[i]));
    } else {
      out += "  ";
    }
  }
  out += "  |";
  for (const char c : bytes) {
    out += c >= ' ' && c <= '~' ? c : '.';
  }
  out += '|';
}

}  // namespace

void append_hexdump(std::string& out, std::string_view bytes, std::string_view margin) {
  const std::string_view shown = bytes.substr(0, hexdump_limit);
  for (std::size_t offset = 0; offset < shown.size(); offset += row) {
    if (offset > 0) {
      out += '\n';
    }
    out += margin;
    append_row(out, offset, shown.substr(offset, row));
  }
  if (const std::size_t more = bytes.size() - shown.size(); more > 0) {
    out += '\n';
    out += margin;
    out += "(" + std::to_string(more) + (more == 1 ? " byte more)" : " bytes more)");
  }
}

}  // namespace mqtt_tools::output
