// SPDX-License-Identifier: MIT
#include "payload/expectation.hpp"

#include "error.hpp"

#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using Catch::Matchers::Contains;

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
      // A number too large for any type elsewhere in the payload does no harm.
      {R"({"a":1})", R"({"a":1,"b":1E400,"c":"\ud800"})", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.expected, c.payload);
    CHECK(met(c.expected, c.payload) == c.met);
  }
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
  CHECK_THROWS_WITH(Expectation{"o\x1bn"}, Contains("not JSON: o\\x1bn"));
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
