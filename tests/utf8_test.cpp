// SPDX-License-Identifier: MIT
#include "utf8.hpp"

#include <string>

#include "catch.hpp"

using namespace mqtt_tools;

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
