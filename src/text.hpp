// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace mqtt_tools {

/// The offset of the first byte that is not part of well-formed UTF-8 (RFC 3629: no surrogates, no
/// overlong forms, nothing above U+10FFFF); nothing if `text` is all UTF-8.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// The offset of the first code point for which brokers close the connection when it stands in text
/// of MQTT: control characters, noncharacters (MQTT 5.0 §1.5.4). Nothing if there is none.
std::optional<std::size_t> first_unwelcome(std::string_view text);

/// `text` without the U+FEFF that editors of Windows put before the first character of a file.
std::string_view without_byte_order_mark(std::string_view text);

/// One step through text that may be anything.
struct CodePoint {
  char32_t value = 0;      ///< The code point; for an invalid byte, the byte.
  std::size_t length = 1;  ///< How many bytes it takes; 1 for an invalid byte.
  bool valid = true;
};

/// The code point that begins at `text[at]`; `at` is less than the size of `text`.
CodePoint code_point_at(std::string_view text, std::size_t at);

/// Appends a code point as UTF-8.
void append_utf8(std::string& out, char32_t value);

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Blanks as JSON has them (RFC 8259 §2).
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// `text` with small letters for the capital ones of ASCII.
std::string lower_case(std::string_view text);

/// Whether two words are the same but for the case of their letters (ASCII).
bool same_word(std::string_view one, std::string_view other);

/// `text`, or its first `longest` bytes, up to the end of a character, and three dots.
std::string shortened(std::string_view text, std::size_t longest);

/// What stands before, between and behind the separators of `text`.
std::vector<std::string_view> split(std::string_view text, std::string_view separator);

/// All of `text` as a number; nothing for any other text, and for one that is out of range.
template <typename Number>
std::optional<Number> to_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{number} : std::nullopt;
}

/// Strings or views as one text: "a, b, c".
template <typename Words>
std::string joined(const Words& words, std::string_view between = ", ") {
  std::string text;
  std::string_view before;
  for (const auto& word : words) {
    text.append(before).append(word);
    before = between;
  }
  return text;
}

enum class Lines { keep, escape };  ///< What becomes of newline and tab.

/// "1 byte", "2 bytes": a count of things whose name takes an `s`.
std::string counted(std::uint64_t count, std::string_view thing);

/// What printf makes of one number.
std::string formatted(const char* format, double value);

/// " was " of one thing, " were " of more.
inline const char* were(std::uint64_t count) { return count == 1 ? " was " : " were "; }

/// Appends `text` so that no terminal acts on it: C0 and C1 controls, DEL, bidirectional controls
/// and bytes that are not UTF-8 are written as `\x1b`, `\u009b`, `\u202e`, `\xff`; all else stays.
void append_escaped(std::string& out, std::string_view text, Lines lines = Lines::escape);

/// The same, as a new string. For topics, reason strings and whatever else a broker says.
std::string escaped(std::string_view text, Lines lines = Lines::escape);

/// 'text' with its quotes as it may stand in a message: escaped, and shortened to what helps.
std::string in_quotes(std::string_view text);

/// `text` as a word that a shell takes for just that, for a command that somebody may type.
std::string shell_word(std::string_view text);

/// How many columns a terminal gives to `text` (no control characters in it): two for East Asian
/// wide characters and emoji, none for combining marks.
std::size_t columns(std::string_view text);

}  // namespace mqtt_tools
