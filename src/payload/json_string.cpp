// SPDX-License-Identifier: MIT
#include "payload/json_string.hpp"

#include "payload/json_text.hpp"
#include "text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace mqtt_tools::payload {

namespace {

constexpr std::uint64_t each(std::uint64_t byte) { return byte * 0x0101010101010101; }

/// Whether one of the eight bytes is less than `limit` (at most 0x80).
constexpr bool any_below(std::uint64_t eight, std::uint64_t limit) {
  return ((eight - each(limit)) & ~eight & each(0x80)) != 0;
}

constexpr bool any_equal(std::uint64_t eight, std::uint64_t byte) {
  return any_below(eight ^ each(byte), 1);
}

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

/// What an escape such as `\n` or `\u00e9` stands for.
struct Escape {
  char32_t value = 0;
  std::size_t length = 2;
  bool is_character = true;  ///< A lone surrogate is none.
};

/// The four hexadecimal digits of `\u`; `text` begins behind it.
char32_t code_unit(std::string_view text) {
  char32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value << 4 | static_cast<char32_t>(digit);
  }
  return value;
}

/// `text` begins with a backslash and is part of valid JSON.
Escape read_escape(std::string_view text) {
  if (text.size() < 2) return {U'\\', 1};
  switch (text[1]) {
    case 'n':
      return {U'\n'};
    case 't':
      return {U'\t'};
    case 'r':
      return {U'\r'};
    case 'b':
      return {U'\b'};
    case 'f':
      return {U'\f'};
    case 'u':
      break;
    default:
      return {static_cast<unsigned char>(text[1])};
  }

  const char32_t unit = code_unit(text.substr(2));
  const std::size_t length = std::min<std::size_t>(6, text.size());
  if (unit < 0xD800 || unit > 0xDFFF) return {unit, length};
  if (unit < 0xDC00 && text.substr(length, 2) == "\\u") {
    const char32_t second = code_unit(text.substr(length + 2));
    if (second >= 0xDC00 && second <= 0xDFFF) {
      return {0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00), 2 * length};
    }
  }
  return {unit, length, false};
}

void append_character(std::string& out, char32_t value) {
  switch (value) {
    case U'"':
      out += "\\\"";
      return;
    case U'\\':
      out += "\\\\";
      return;
    case U'\n':
      out += "\\n";
      return;
    case U'\t':
      out += "\\t";
      return;
    case U'\r':
      out += "\\r";
      return;
    case U'\b':
      out += "\\b";
      return;
    case U'\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (value >= 0x20) return append_utf8(out, value);
  out += value < 0x10 ? "\\u000" : "\\u001";
  out += "0123456789abcdef"[value & 0xF];
}

std::string_view without_quotes(std::string_view token) {
  return token.size() < 2 ? std::string_view{} : token.substr(1, token.size() - 2);
}

/// What a string token stands for; `lone` says what becomes of a surrogate without its other half.
template <class Lone>
std::string text_of(std::string_view token, Lone lone) {
  std::string_view rest = without_quotes(token);
  std::string text;
  text.reserve(rest.size());
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    text.append(rest, 0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    const Escape escape = read_escape(rest);
    append_utf8(text, escape.is_character ? escape.value : lone(escape.value));
    rest.remove_prefix(escape.length);
  }
  return text;
}

}  // namespace

std::size_t plain_length(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t eight = 0;
  for (; text.size() - at >= sizeof eight; at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if (any_below(eight, 0x20) || any_equal(eight, '"') || any_equal(eight, '\\')) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size()) {
    at += plain_length(text.substr(at));
    if (at >= text.size()) break;
    if (text[at] == '"') return at + 1;
    at += text[at] == '\\' ? 2 : 1;
  }
  return text.size();
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (;;) {
    const std::size_t plain = plain_length(text);
    out.append(text, 0, plain);
    if (plain == text.size()) break;
    append_character(out, static_cast<unsigned char>(text[plain]));
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

void append_requoted(std::string& out, std::string_view token) {
  std::string_view rest = without_quotes(token);
  out += '"';
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    out.append(rest, 0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    const Escape escape = read_escape(rest);
    if (escape.is_character) {
      append_character(out, escape.value);
    } else {
      out.append(rest, 0, escape.length);
    }
    rest.remove_prefix(escape.length);
  }
  out += '"';
}

std::string unquoted(std::string_view token) {
  return text_of(token, [](char32_t) { return U'\uFFFD'; });
}

std::string exact_text(std::string_view token) {
  // The pattern of UTF-8, which has no surrogates: WTF-8, as others call it.
  return text_of(token, [](char32_t surrogate) { return surrogate; });
}

}  // namespace mqtt_tools::payload
