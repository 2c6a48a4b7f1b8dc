// SPDX-License-Identifier: MIT
#include "bytes.hpp"

#include <random>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace std::string_literals;

TEST_CASE("bytes are written as lower-case hex") {
  CHECK(to_hex("") == "");
  CHECK(to_hex("\x00\x0f\xa5\xff"s) == "000fa5ff");
}

TEST_CASE("hex is read with blanks between bytes") {
  CHECK(from_hex("") == "");
  CHECK(from_hex("000Fa5fF") == "\x00\x0f\xa5\xff"s);
  CHECK(from_hex(" 00 0f\ta5\r\nff\n") == "\x00\x0f\xa5\xff"s);
}

TEST_CASE("what is not hex is not read") {
  for (const char* text : {"0", "0g", "g0", "000", "0 0", "00 0", "0x00", "00,00", "\xff\xff"}) {
    CAPTURE(text);
    CHECK_FALSE(from_hex(text));
  }
}

TEST_CASE("a percent sign stands for itself only with the hex digits of its byte") {
  CHECK(percent_encoded("a \xff%/", [](char c) { return c == 'a' || c == '/'; }) == "a%20%FF%25/");
  CHECK(percent_encoded("Az09-._~/\xe4:") == "Az09-._~%2F%E4%3A");
  CHECK(percent_decoded("a%20%C3%a4%25") == "a \u00e4%");
  for (const char* text : {"%", "%2", "%2g", "% 2", "a%"}) {
    CAPTURE(text);
    CHECK_FALSE(percent_decoded(text));
  }
}

TEST_CASE("base64 is that of RFC 4648") {
  struct Case {
    const char* bytes;
    const char* text;
  };
  const Case cases[] = {{"", ""},
                        {"f", "Zg=="},
                        {"fo", "Zm8="},
                        {"foo", "Zm9v"},
                        {"foob", "Zm9vYg=="},
                        {"fooba", "Zm9vYmE="},
                        {"foobar", "Zm9vYmFy"},
                        {"\xfb\xff\xfe", "+//+"}};
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(to_base64(c.bytes) == c.text);
    CHECK(from_base64(c.text) == c.bytes);
  }
}

TEST_CASE("base64 is read over line breaks") { CHECK(from_base64("Zm9v\r\nYg=\n=\n") == "foob"); }

TEST_CASE("what is not base64 is not read") {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "Zm9v=", "=", "====", "Zg==Zg==", "Zm9-", "Zm9_",
        "Zm 9v", "Zh==", "Zm9=", "\xff\xff\xff\xff"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}

TEST_CASE("any bytes come back from hex and base64") {
  std::mt19937 random{2};
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random());
    CHECK(from_hex(to_hex(bytes)) == bytes);
    CHECK(from_base64(to_base64(bytes)) == bytes);
  }
}
