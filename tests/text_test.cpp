// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace std::string_literals;

namespace {

std::string encoded(char32_t value, std::size_t length) {
  std::string out;
  if (length == 1) return {static_cast<char>(value)};
  const unsigned marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (std::size_t i = 0; i < length; ++i) {
    const auto shift = 6 * (length - 1 - i);
    const unsigned bits = static_cast<unsigned>(value >> shift);
    out += static_cast<char>(i == 0 ? (marks[length] | bits) : (0x80 | (bits & 0x3F)));
  }
  return out;
}

std::size_t shortest(char32_t value) {
  if (value < 0x80) return 1;
  if (value < 0x800) return 2;
  return value < 0x10000 ? 3 : 4;
}

std::string appended(char32_t value) {
  std::string out;
  append_utf8(out, value);
  return out;
}

}  // namespace

TEST_CASE("every code point in its shortest form is UTF-8, surrogates are not") {
  int wrong = 0;
  for (char32_t value = 0; value < 0x110000; ++value) {
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    const std::string text = encoded(value, shortest(value));
    const CodePoint point = code_point_at(text, 0);
    if (first_invalid_utf8(text).has_value() != surrogate) ++wrong;
    if (point.valid == surrogate) ++wrong;
    if (!surrogate && appended(value) != text) ++wrong;
    if (!surrogate && (point.value != value || point.length != text.size())) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("overlong forms and code points above U+10FFFF are not UTF-8") {
  for (const char32_t value : {U'\0', U'/', U'\x7F'}) {
    CHECK(first_invalid_utf8(encoded(value, 2)) == 0U);
    CHECK(first_invalid_utf8(encoded(value, 3)) == 0U);
    CHECK(first_invalid_utf8(encoded(value, 4)) == 0U);
  }
  CHECK(first_invalid_utf8(encoded(0x7FF, 3)) == 0U);
  CHECK(first_invalid_utf8(encoded(0xFFFF, 4)) == 0U);
  CHECK(first_invalid_utf8(encoded(0x110000, 4)) == 0U);
  CHECK(first_invalid_utf8("\xF5\x80\x80\x80") == 0U);
  CHECK(first_invalid_utf8("\xFF") == 0U);
  CHECK(first_invalid_utf8("\x80") == 0U);
}

TEST_CASE("the first invalid byte is found wherever it stands") {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string text(before, 'a');
    CHECK_FALSE(first_invalid_utf8(text));
    CHECK(first_invalid_utf8(text + "\xFF" + text) == before);
    CHECK(first_invalid_utf8(text + "\xE2\x82") == before);
    CHECK(first_invalid_utf8(text + "\xE2\x82x") == before);
    CHECK_FALSE(first_invalid_utf8(text + "\xE2\x82\xAC" + text));
    CHECK(first_invalid_utf8(text + "\xE2\x82\xAC\xC3(") == before + 3);
  }
}

TEST_CASE("an invalid byte is a step of one byte with its own value") {
  const CodePoint point = code_point_at("a\xFE", 1);
  CHECK_FALSE(point.valid);
  CHECK(point.length == 1);
  CHECK(point.value == 0xFE);
}

TEST_CASE("what acts on a terminal is escaped, all else stays") {
  struct Case {
    std::string text;
    std::string shown;
  };
  const Case cases[] = {
      {"", ""},
      {"plain ~ \\x1b \\", "plain ~ \\x1b \\"},
      {"\x1b]52;c;Zm9v\x07", "\\x1b]52;c;Zm9v\\x07"},
      {"a\0b"s, "a\\x00b"},
      {"\x7f", "\\u007f"},
      {"\n\t\r", "\\x0a\\x09\\x0d"},
      {"\u0080\u009b2J\u009f", "\\u0080\\u009b2J\\u009f"},
      {"\u00a0\u00e9\u20ac\U0001f600", "\u00a0\u00e9\u20ac\U0001f600"},
      {"\u061c\u200e\u200f", "\\u061c\\u200e\\u200f"},
      {"\u202a\u202b\u202c\u202d\u202e", "\\u202a\\u202b\\u202c\\u202d\\u202e"},
      {"\u2066\u2067\u2068\u2069", "\\u2066\\u2067\\u2068\\u2069"},
      {"\u2028\u2029", "\\u2028\\u2029"},
      {"\u200d\u2010\u2027\u202f\u2065\u206a", "\u200d\u2010\u2027\u202f\u2065\u206a"},
      {"\xff\xc3(\xe2\x82", "\\xff\\xc3(\\xe2\\x82"},
      {"\x9b", "\\x9b"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.shown);
    CHECK(escaped(c.text) == c.shown);
  }
}

TEST_CASE("newlines and tabs stay when lines are kept, carriage returns do not") {
  CHECK(escaped("a\n\tb\r\n\x1b", Lines::keep) == "a\n\tb\\x0d\n\\x1b");
}

TEST_CASE("escaped text is appended to what stands there") {
  std::string out = "topic ";
  append_escaped(out, "a\x01z");
  CHECK(out == "topic a\\x01z");
}

TEST_CASE("a count is followed by the name of what was counted") {
  CHECK(counted(0, "byte") == "0 bytes");
  CHECK(counted(1, "byte") == "1 byte");
  CHECK(counted(2, "message") == "2 messages");
}

TEST_CASE("a text is split at its separators, and joined again") {
  using Parts = std::vector<std::string_view>;
  CHECK(split("a; ; b", "; ") == Parts{"a", "", "b"});
  CHECK(split("", ",") == Parts{""});
  CHECK(split(",", ",") == Parts{"", ""});
  CHECK(joined(Parts{"a", "", "b"}) == "a, , b");
  CHECK(joined(Parts{"", "a"}, "|") == "|a");
  CHECK(joined(std::vector<std::string>{}).empty());
}

TEST_CASE("in quotes, what nobody sees is shown") {
  CHECK(in_quotes("a b") == "'a b'");
  CHECK(in_quotes("1\u200B") == "'1\\u200b'");
  CHECK(in_quotes("\uFEFFa\u00A0\u00AD\u2060\xff") == "'\\ufeffa\\u00a0\\u00ad\\u2060\\xff'");
  CHECK(in_quotes("k\u00E4se \u2013 \u53A8") == "'k\u00E4se \u2013 \u53A8'");
}

TEST_CASE("a word of a shell is quoted where it must be") {
  CHECK(shell_word("/etc/ssl/a-b_1.pem") == "/etc/ssl/a-b_1.pem");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("my key.der") == "'my key.der'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("~/x;$(y)") == "'~/x;$(y)'");
}

TEST_CASE("text is as wide as a terminal draws it") {
  struct Row {
    std::string_view text;
    std::size_t expected;
  };
  const Row rows[] = {
      {"", 0},
      {"abc", 3},
      {"münchen", 7},
      {"кухня", 5},
      {"厨房", 4},  // CJK
      {"温度/室内", 9},
      {"한국어", 6},                    // Hangul syllables
      {"カナ", 4},                      // Katakana
      {"ｶﾅ", 2},                        // half-width Katakana
      {"Ａ", 2},                        // full-width Latin
      {"e\xcc\x81", 1},                 // e and a combining acute
      {"\xe3\x81\x8b\xe3\x82\x99", 2},  // か and a combining voiced mark
      {"\xf0\x9f\x8c\xa1", 1},          // U+1F321 thermometer: narrow without a variation selector
      {"\xf0\x9f\x98\x80", 2},          // U+1F600 grinning face
      {"\xf0\xa0\x80\x80", 2},          // U+20000
      {"a\xe2\x80\x8b"
       "b",
       2},  // zero width space
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(columns(row.text) == row.expected);
  }
}

TEST_CASE("small letters take the place of the capital ones of ASCII only") {
  CHECK(lower_case("Content-TYPE @[`{ 09") == "content-type @[`{ 09");
  CHECK(lower_case("\u00c4\xff") == "\u00c4\xff");
  CHECK(same_word("utf-8", "UTF-8"));
  CHECK(same_word("", ""));
  CHECK_FALSE(same_word("on", "one"));
  CHECK_FALSE(same_word("one", "on"));
  CHECK_FALSE(same_word("\u00e4", "\u00c4"));
}
