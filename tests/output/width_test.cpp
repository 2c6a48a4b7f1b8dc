// SPDX-License-Identifier: MIT
#include "output/width.hpp"

#include "catch.hpp"

#include <cstddef>
#include <string_view>

using mqtt_tools::output::columns;

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
