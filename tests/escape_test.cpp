// SPDX-License-Identifier: MIT
#include "escape.hpp"

#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace std::string_literals;

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
      {"\x7f", "\\x7f"},
      {"\n\t\r", "\\x0a\\x09\\x0d"},
      {"\u0080\u009b2J\u009f", "\\u0080\\u009b2J\\u009f"},
      {"\u00a0\u00e9\u20ac\U0001f600", "\u00a0\u00e9\u20ac\U0001f600"},
      {"\u061c\u200e\u200f", "\\u061c\\u200e\\u200f"},
      {"\u202a\u202b\u202c\u202d\u202e", "\\u202a\\u202b\\u202c\\u202d\\u202e"},
      {"\u2066\u2067\u2068\u2069", "\\u2066\\u2067\\u2068\\u2069"},
      {"\u200d\u2010\u2029\u202f\u2065\u206a", "\u200d\u2010\u2029\u202f\u2065\u206a"},
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
