// SPDX-License-Identifier: MIT
#include "payload/expectation.hpp"

#include "error.hpp"

#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using mqtt_tools::support::Contains;

namespace {

bool met(std::string_view expected, std::string payload, DecodeAs as = DecodeAs::automatic) {
  Message message;
  message.payload = std::move(payload);
  return Expectation{expected}.met_by(decode(message, as));
}

}  // namespace

TEST_CASE("an object is expected by its members, anything else as a whole") {
  struct Case {
    const char* expected;
    const char* payload;
    bool met;
  };
  const Case cases[] = {
      {R"({"msg":"ok"})", R"({"msg":"ok","data":"2026-11-23 18-15-03"})", true},
      {R"({"msg":"ok"})", R"({"msg":"no"})", false},
      {R"({"msg":"ok"})", R"({"data":"ok"})", false},
      {R"({"msg":"ok"})", R"("ok")", false},
      {R"({"msg":"ok"})", R"([{"msg":"ok"}])", false},
      {"{}", R"({"a":1})", true},
      {"{}", "[]", false},
      {"{}", "1", false},
      {R"({"a":{"b":1}})", R"({"a":{"b":1,"c":2},"d":3})", true},
      {R"({"a":{"b":1}})", R"({"a":{"c":1}})", false},
      {R"({"a":{}})", R"({"a":1})", false},
      {R"({"a":1,"b":2})", R"({"b":2,"a":1})", true},
      {R"({"a":null})", R"({"a":null})", true},
      {R"({"a":null})", "{}", false},
      // Of members with the same key the last counts.
      {R"({"a":2})", R"({"a":1,"a":2})", true},
      {R"({"a":1})", R"({"a":1,"a":2})", false},
      // In an array everything must be equal.
      {"[1,2]", "[1,2]", true},
      {"[1,2]", "[1,2,3]", false},
      {"[1,2]", "[2,1]", false},
      {"[1,2]", "[1]", false},
      {R"([{"a":1}])", R"([{"a":1}])", true},
      {R"([{"a":1}])", R"([{"a":1,"b":2}])", false},
      {R"([{"a":1,"b":2}])", R"([{"b":2,"a":1}])", true},
      {R"([{"a":1}])", R"([{"b":1}])", false},
      // Text by what it says.
      {R"("\u00e9")", "\"\u00e9\"", true},
      {R"({"\u0061":"x"})", R"({"a":"\u0078"})", true},
      {R"("a")", R"("A")", false},
      {R"("1")", "1", false},
      // Numbers by value.
      {"100", "1e2", true},
      {"0.1000", "0.1", true},
      {"1.0", "1", true},
      {"-0", "0", true},
      {"1", "2", false},
      {"1", "true", false},
      {"0", "null", false},
      {"18446744073709551615", "18446744073709551615", true},
      {"18446744073709551615", "-1", false},
      {"18446744073709551615", "18446744073709551614", false},
      {"9007199254740993", "9007199254740992", false},
      {"9007199254740993", "9007199254740992.0", false},
      {"true", "true", true},
      {"true", "false", false},
      {"null", "null", true},
      {"18446744073709551616", "18446744073709551617", false},
      {"18446744073709551616", "18446744073709551616", true},
      {"18446744073709551616", "1.8446744073709551616e19", true},
      {"18446744073709551616", "1.8446744073709552e19", false},
      {"25", "25.0", true},
      {"25", "25.00000000000000000000000000001", false},
      {"1e400", "1e500", false},
      {"1e400", "10e399", true},
      {"1e400", "-1e400", false},
      {"1e-400", "0", false},
      {"1e-400", "1e-500", false},
      {"0.1", "0.10000000000000000555", false},
      {"0e999999999999999999999", "-0.000e1", true},
      {"[1e400]", "[1e500]", false},
      {R"({"a":[{"b":1e400}]})", R"({"a":[{"b":1e500}]})", false},
      // Strings by their characters, and half a pair is none of them.
      {R"("\ud800")", "\"\ufffd\"", false},
      {R"("\ud800")", R"("\ufffd")", false},
      {R"("\ud800")", R"("\ud801")", false},
      {R"("\ud800")", R"("\udc00")", false},
      {R"("\ud800")", R"("\uD800")", true},
      {R"("\ud83d\ude00")", "\"\U0001f600\"", true},
      {R"("\ud83dx\ude00")", "\"\U0001f600\"", false},
      {R"({"\ud800":1})", R"({"\ufffd":1})", false},
      {R"({"\ud800":1})", R"({"\ud800":1})", true},
      {R"(["\ud800"])", R"(["\udfff"])", false},
      // Members that repeat count once, on both sides.
      {R"([{"a":1}])", R"([{"a":2,"a":1}])", true},
      {R"([{"a":1}])", R"([{"a":1,"a":2}])", false},
      {R"([{"a":1,"b":2}])", R"([{"a":1,"a":1}])", false},
      {R"({"a":1,"a":2})", R"({"a":2})", true},
      {R"({"a":1,"a":2})", R"({"a":1})", false},
      {R"({"a":{"b":1}})", R"({"a":{"b":1},"a":[{"b":1}]})", false},
      {R"({"a":{"b":1}})", R"({"a":[1,{"c":[]}],"a":{"b":1}})", true},
      {"[[],{}]", "[ [ ] , { } ]", true},
      {"[[],{}]", "[{},[]]", false},
      {"[]", "{}", false},
      {R"({"a":1})", R"({"x":"}]\\\"{","a":1})", true},
      // A number too large for any type elsewhere in the payload does no harm.
      {R"({"a":1})", R"({"a":1,"b":1E400,"c":"\ud800"})", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.expected, c.payload);
    CHECK(met(c.expected, c.payload) == c.met);
  }
}

TEST_CASE("a payload of text meets the JSON string of itself, and nothing else") {
  CHECK(met(R"("ON")", "ON"));
  CHECK(met(R"("ON")", R"("ON")"));
  CHECK_FALSE(met(R"("ON")", "on"));
  CHECK_FALSE(met(R"("ON")", "ON\n"));
  CHECK_FALSE(met(R"("ON")", "\xff"));
  CHECK(met(R"("a\n\u00e9")", "a\n\u00e9"));
  CHECK(met(R"("")", ""));
  CHECK(met(R"("{")", "{"));
  CHECK_FALSE(met(R"({"a":1})", "a:1"));
  CHECK_FALSE(met(R"(["ON"])", "ON"));
  // What is JSON is no text, unless it was asked to be.
  CHECK_FALSE(met(R"("21")", "21"));
  CHECK(met(R"("21")", "21", DecodeAs::text));
  CHECK(met("21", "21"));
  CHECK_FALSE(met("21", "21", DecodeAs::text));
  CHECK_FALSE(met(R"("ON")", "ON", DecodeAs::binary));
  CHECK_FALSE(met(R"("\ufffd")", "\xff"));
  CHECK_FALSE(met(R"("\ud800")", "\xed\xa0\x80"));
}

TEST_CASE("numbers of a million digits are compared exactly") {
  const std::string digits(1'000'000, '7');
  CHECK(met(digits, digits));
  CHECK(met(digits, digits + ".000"));
  CHECK(met(digits, digits + "0e-1"));
  CHECK(met(digits, "0." + digits + "e1000000"));
  CHECK_FALSE(met(digits, digits + "7"));
  CHECK_FALSE(met(digits, digits + ".0000001"));
  CHECK_FALSE(met(digits, digits.substr(1) + "8"));
  CHECK(met("1e" + digits, "10e" + digits.substr(1) + "6"));
  CHECK_FALSE(met("1e" + digits, "10e" + digits));
  CHECK_FALSE(met("1e" + digits, "1e-" + digits));
}

TEST_CASE("an expectation is met by an object of a hundred thousand members and repeats") {
  std::string object = "{";
  std::string repeats = "{";
  for (int i = 0; i < 100'000; ++i) {
    object += "\"key" + std::to_string(i) + "\":{\"n\":" + std::to_string(i) + "},";
    repeats += R"("a":{"n":1},"b":2,)";
  }
  object.back() = repeats.back() = '}';
  CHECK(met(object, object));
  CHECK(met(R"({"key99999":{"n":99999},"key0":{"n":0}})", object));
  CHECK_FALSE(met(R"({"key99999":{"n":0}})", object));
  CHECK_FALSE(met(object, repeats));
  CHECK(met(R"({"a":{"n":1}})", repeats));
  CHECK(met(repeats, R"({"a":{"n":1},"b":2})"));
}

TEST_CASE("payloads without a value meet no expectation") {
  CHECK_FALSE(met("{}", ""));
  CHECK_FALSE(met("{}", "hello"));
  CHECK_FALSE(met("{}", "{"));
  CHECK_FALSE(met("{}", "\xff"));
  CHECK_FALSE(met("1", "1", DecodeAs::text));
  CHECK_FALSE(met("[]", std::string(100000, '[')));
}

TEST_CASE("CBOR and MessagePack meet expectations by their value") {
  CHECK(met(R"({"k":1})", "\xa1\x61k\x01", DecodeAs::cbor));
  CHECK(met(R"({"k":1})", "\x81\xa1k\x01", DecodeAs::msgpack));
}

TEST_CASE("an expectation that is not JSON is refused") {
  CHECK_THROWS_AS(Expectation{"on"}, UsageError);
  CHECK_THROWS_WITH(Expectation{"o\x1bn"}, Contains("not JSON: column 1 of o\\x1bn; a string"));
  CHECK_THROWS_AS(Expectation{""}, UsageError);
  CHECK_THROWS_AS(Expectation{std::string(100000, '[')}, UsageError);
}

TEST_CASE("an expectation can be moved and keeps its text") {
  Expectation first{" {\"a\": 1} "};
  Expectation second{std::move(first)};
  CHECK(second.text() == " {\"a\": 1} ");
  Message message;
  message.payload = R"({"a":1})";
  CHECK(second.met_by(decode(message)));
}
