// SPDX-License-Identifier: MIT
#include "bytes.hpp"

#include <array>
#include <cstdint>

namespace mqtt_tools {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_letter = 64;

constexpr std::array<std::uint8_t, 256> base64_values() {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = no_letter;
  for (std::uint8_t i = 0; i < base64_letters.size(); ++i) {
    values[static_cast<unsigned char>(base64_letters[i])] = i;
  }
  return values;
}

unsigned byte(char c) { return static_cast<unsigned char>(c); }

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// What hex digits may be laid out with.
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out += hex_digits[value >> shift & 0xF];
  }
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    text += hex_digits[byte(c) >> 4];
    text += hex_digits[byte(c) & 0xF];
  }
  return text;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    unsigned bits = byte(group[0]) << 16;
    if (group.size() > 1) bits |= byte(group[1]) << 8;
    if (group.size() > 2) bits |= byte(group[2]);
    text += base64_letters[bits >> 18];
    text += base64_letters[(bits >> 12) & 0x3F];
    text += group.size() > 1 ? base64_letters[(bits >> 6) & 0x3F] : '=';
    text += group.size() > 2 ? base64_letters[bits & 0x3F] : '=';
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    if (at + 1 == text.size()) return std::nullopt;
    const auto high = hex_value(text[at]);
    const auto low = hex_value(text[at + 1]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high << 4 | *low);
    at += 2;
  }
  return bytes;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      bytes += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const auto high = hex_value(text[at + 1]);
    const auto low = hex_value(text[at + 2]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high << 4 | *low);
    at += 2;
  }
  return bytes;
}

std::optional<std::string> from_base64(std::string_view text) {
  static constexpr auto values = base64_values();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  std::size_t letters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::uint8_t value = values[byte(c)];
    if (value == no_letter || padding > 0) return std::nullopt;
    bits = bits << 6 | value;
    if (++letters % 4 == 0) {
      bytes += static_cast<char>(bits >> 16 & 0xFF);
      bytes += static_cast<char>(bits >> 8 & 0xFF);
      bytes += static_cast<char>(bits & 0xFF);
      bits = 0;
    }
  }

  // The last group: bits that no byte takes must be zero, so that each text has one meaning only.
  switch (letters % 4) {
    case 0:
      return padding == 0 ? std::optional(bytes) : std::nullopt;
    case 2:
      if (padding != 2 || (bits & 0xF) != 0) return std::nullopt;
      bytes += static_cast<char>(bits >> 4);
      return bytes;
    case 3:
      if (padding != 1 || (bits & 0x3) != 0) return std::nullopt;
      bytes += static_cast<char>(bits >> 10 & 0xFF);
      bytes += static_cast<char>(bits >> 2 & 0xFF);
      return bytes;
    default:
      return std::nullopt;
  }
}

}  // namespace mqtt_tools
