// SPDX-License-Identifier: MIT
#include "text.hpp"

#include "bytes.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace mqtt_tools {

namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080;

/// Disallowed Unicode code points (MQTT 5.0 §1.5.4): a receiver may close the connection.
bool is_unwelcome(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) || (value >= 0xFDD0 && value <= 0xFDEF) ||
         (value & 0xFFFE) == 0xFFFE;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

/// Controls, the marks that change the direction of text, and those that end a line: by these a
/// line can be made to read as another one than it is.
bool acts_on_terminals(char32_t value) {
  return value < 0x20 || (value >= 0x7F && value <= 0x9F) ||  // C0, DEL, C1
         value == 0x061C || value == 0x200E || value == 0x200F ||
         (value >= 0x2028 && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069);
}

/// What nobody sees, or takes for a blank, as web pages have it.
bool is_unseen(char32_t value) {
  return value == 0xA0 || value == 0xAD || value == 0x200B || value == 0x2007 || value == 0x202F ||
         value == 0x2060 || value == 0xFEFF;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    // Most payloads are ASCII, where eight bytes at a time take a twentieth of the time.
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & high_bits) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const CodePoint point = code_point_at(text, at);
    if (!point.valid) return at;
    at += point.length;
  }
  return std::nullopt;
}

std::optional<std::size_t> first_unwelcome(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (point.valid && is_unwelcome(point.value)) return at;
    at += point.length;
  }
  return std::nullopt;
}

std::string_view without_byte_order_mark(std::string_view text) {
  return text.substr(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
}

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto* const here = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  if (*here < 0x80) return {*here, 1, true};
  utf8proc_int32_t value = 0;
  const auto length =
      utf8proc_iterate(here, static_cast<utf8proc_ssize_t>(text.size() - at), &value);
  if (length < 0) return {*here, 1, false};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(length), true};
}

void append_utf8(std::string& out, char32_t value) {
  std::array<utf8proc_uint8_t, 4> bytes;
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(value), bytes.data());
  out.append(bytes.begin(), bytes.begin() + length);
}

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
      // DEL is the one of them that JSON may hold as it is: this way it stays JSON.
      const bool as_byte = !point.valid || point.value < 0x20;
      out += as_byte ? "\\x" : "\\u";
      append_hex(out, point.value, as_byte ? 2 : 4);
      begin = at + point.length;
    }
    at += point.length;
  }
  out.append(text, begin);
}

std::string lower_case(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

bool same_word(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string shortened(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string{text};
  std::size_t end = 0;
  while (end < longest) end += code_point_at(text, end).length;
  return std::string{text.substr(0, end)} + (end < text.size() ? "..." : "");
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string{thing} + (count == 1 ? "" : "s");
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (auto end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::string formatted(const char* format, double value) {
  std::array<char, 512> text;  // DBL_MAX has 309 digits before the point.
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string escaped(std::string_view text, Lines lines) {
  std::string out;
  out.reserve(text.size());
  append_escaped(out, text, lines);
  return out;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;  // A number of TOML may have hundreds of digits.
  const std::string all = escaped(shortened(text, longest));
  std::string shown = "'";
  for (std::size_t at = 0; at < all.size();) {
    const CodePoint point = code_point_at(all, at);
    if (is_unseen(point.value)) {
      shown += "\\u";
      append_hex(shown, point.value, 4);
    } else {
      shown.append(all, at, point.length);
    }
    at += point.length;
  }
  return shown + "'";
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,-./:=@_";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
    return std::string{text};
  }
  return "'" + joined(split(text, "'"), "'\\''") + "'";
}

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    at += point.length;
    // Below U+0300 all that is no control character takes one; so does a byte that is not UTF-8.
    const int width =
        point.value < 0x300 ? 1 : utf8proc_charwidth(static_cast<utf8proc_int32_t>(point.value));
    sum += static_cast<std::size_t>(width);
  }
  return sum;
}

}  // namespace mqtt_tools
