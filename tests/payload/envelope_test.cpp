// SPDX-License-Identifier: MIT
#include "payload/envelope.hpp"

#include "error.hpp"
#include "payload/binary.hpp"
#include "payload/json.hpp"

#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using namespace std::string_literals;
using mqtt_tools::support::Contains;
using Input = EnvelopeOptions::Input;
using Encoding = EnvelopeOptions::Encoding;
using Form = Field::Form;

namespace {

const Timestamp evening = from_rfc3339("2026-11-23T18:15:03.250Z").value();

EnvelopeOptions in_utc() {
  EnvelopeOptions options;
  options.time_format = TimeFormat{"%Y-%m-%d %H-%M-%S", Zone::utc};
  return options;
}

std::string wrapped(std::string_view text, const EnvelopeOptions& options = in_utc()) {
  return Envelope{options}.wrap(std::string(text), evening);
}

}  // namespace

TEST_CASE("the envelope is the wire format, byte for byte") {
  const std::string end = R"(,"data":"2026-11-23 18-15-03"})";
  CHECK(wrapped("hello") == R"({"msg":"hello")" + end);
  CHECK(wrapped("") == R"({"msg":"")" + end);
  CHECK(wrapped("\u00e9 \u20ac \U0001f600") == "{\"msg\":\"\u00e9 \u20ac \U0001f600\"" + end);
  CHECK(wrapped("a\"b\\c/d\n\t\r\b\f") == R"({"msg":"a\"b\\c/d\n\t\r\b\f")" + end);
  CHECK(wrapped("\0\x1b\x7f"s) == "{\"msg\":\"\\u0000\\u001b\x7f\"" + end);
  CHECK(wrapped("{\"a\":1}") == R"({"msg":"{\"a\":1}")" + end);
}

TEST_CASE("keys, time and fields of the envelope are as asked") {
  EnvelopeOptions options;
  options.message_key = "text \"\u00e9\"";
  options.time_key = "at";
  options.time_format = TimeFormat{"unix", Zone::local};
  options.fields = {{"a", "1", Form::text},
                    {"b", " { \"x\" : [ 1.00 , \"\\u00e9\" ] } ", Form::json},
                    {"c", "", Form::text}};
  CHECK(wrapped("hi", options) ==
        "{\"text \\\"\u00e9\\\"\":\"hi\",\"at\":\"1795457703\",\"a\":\"1\","
        "\"b\":{\"x\":[1.00,\"\u00e9\"]},\"c\":\"\"}");
  options.time_format = TimeFormat{"unix-ms", Zone::local};
  CHECK_THAT(wrapped("hi", options), Contains(R"("at":"1795457703250",)"));
}

TEST_CASE("a JSON message is the value in the envelope, rewritten but with numbers as written") {
  EnvelopeOptions options = in_utc();
  options.input = Input::json;
  const std::string end = R"(,"data":"2026-11-23 18-15-03"})";
  CHECK(wrapped(" { \"a\\u00e9\" : [ 0.10 , 1E5, \"\\u0041\\n\\ud800\" ] }\n", options) ==
        "{\"msg\":{\"a\u00e9\":[0.10,1E5,\"A\\n\\ud800\"]}" + end);
  CHECK(wrapped("null", options) == R"({"msg":null)" + end);
  CHECK_THROWS_WITH(wrapped("on", options), Contains("the message is not JSON"));
  CHECK_THROWS_WITH(wrapped("", options), Contains("the message is not JSON"));
}

TEST_CASE("a byte order mark before a message in a notation is no part of it") {
  const std::string mark = "\xEF\xBB\xBF";
  EnvelopeOptions options = in_utc();
  CHECK(wrapped(mark + "hi", options).starts_with("{\"msg\":\"" + mark + "hi\""));
  options.input = Input::json;
  CHECK(wrapped(mark + "[1]", options).starts_with("{\"msg\":[1],"));
  CHECK_THROWS_AS(wrapped(mark + mark + "[1]", options), UsageError);
  options.raw = true;
  CHECK(wrapped(mark + "[1]", options) == "[1]");
  options.input = Input::hex;
  CHECK(wrapped(mark + "6869", options) == "hi");
  options.input = Input::base64;
  CHECK(wrapped(mark + "aGk=", options) == "hi");
  options.input = Input::text;
  CHECK(wrapped(mark + "hi", options) == mark + "hi");
}

TEST_CASE("what goes into the envelope never nests deeper than what is read as JSON") {
  EnvelopeOptions options = in_utc();
  options.input = Input::json;
  const std::string deepest = std::string(99, '[') + std::string(99, ']');
  CHECK(is_json(wrapped(deepest, options)));
  CHECK_THROWS_AS(wrapped('[' + deepest + ']', options), UsageError);
  options.fields = {{"a", '[' + deepest + ']', Form::json}};
  CHECK_THROWS_AS(Envelope{options}, UsageError);
}

TEST_CASE("text that is not UTF-8 is refused with the place and the way out") {
  CHECK_THROWS_AS(wrapped("0123456789abcdef\xff"), UsageError);
  CHECK_THROWS_WITH(wrapped("0123456789abcdef\xff"),
                    "the message is not UTF-8 (byte 17): use --raw to publish bytes as they are");
}

TEST_CASE("raw messages are their bytes, checked where something was claimed about them") {
  EnvelopeOptions options;
  options.raw = true;
  CHECK(wrapped("a\xff\0"s, options) == "a\xff\0"s);
  CHECK(wrapped("", options).empty());
  options.input = Input::json;
  CHECK(wrapped(" { \"a\" : 1.0 }\n", options) == " { \"a\" : 1.0 }\n");
  CHECK_THROWS_AS(wrapped("{", options), UsageError);
  options.input = Input::hex;
  CHECK(wrapped("00 ff", options) == "\x00\xff"s);
  CHECK_THROWS_WITH(wrapped("0g", options), Contains("the message is not hex"));
  options.input = Input::base64;
  CHECK(wrapped("AP8=", options) == "\x00\xff"s);
  CHECK_THROWS_WITH(wrapped("AP8", options), Contains("the message is not base64"));
}

TEST_CASE("options that cannot be are refused with the reason") {
  struct Case {
    void (*change)(EnvelopeOptions&);
    const char* reason;
  };
  const Case cases[] = {
      {[](EnvelopeOptions& o) { o.message_key = "data"; }, "two members named \"data\""},
      {[](EnvelopeOptions& o) {
         o.fields = {{"msg", "", Form::text}};
       },
       "named \"msg\""},
      {[](EnvelopeOptions& o) {
         o.fields = {{"data", "1", Form::json}};
       },
       "named \"data\""},
      {[](EnvelopeOptions& o) {
         o.fields = {{"a", "", Form::text}, {"b", "", Form::text}, {"a", "1", Form::json}};
       },
       "named \"a\""},
      {[](EnvelopeOptions& o) { o.message_key = ""; }, "the key of the message is empty"},
      {[](EnvelopeOptions& o) { o.time_key = ""; }, "the key of the time is empty"},
      {[](EnvelopeOptions& o) {
         o.fields = {{"", "x", Form::text}};
       },
       "the key of a field is empty"},
      {[](EnvelopeOptions& o) { o.time_key = "\xff"; }, "\"\\xff\" is not UTF-8"},
      {[](EnvelopeOptions& o) {
         o.fields = {{"\xff", "x", Form::text}};
       },
       "is not UTF-8"},
      {[](EnvelopeOptions& o) {
         o.fields = {{"a", "\xff", Form::text}};
       },
       "the value of the field \"a\" is not UTF-8"},
      {[](EnvelopeOptions& o) {
         o.fields = {{"a", "on", Form::json}};
       },
       "the value of the field \"a\" is not JSON"},
  };
  for (const Case& c : cases) {
    EnvelopeOptions options = in_utc();
    c.change(options);
    CAPTURE(c.reason);
    CHECK_THROWS_AS(Envelope{options}, UsageError);
    CHECK_THROWS_WITH(Envelope{options}, Contains(c.reason));
  }
}

TEST_CASE("content type and payload format are named only when the encoding was asked for") {
  EnvelopeOptions options;
  const auto announced = [&](Properties properties = {}) {
    Envelope{options}.announce(properties);
    return properties;
  };
  CHECK(announced().empty());
  options.announce = true;
  CHECK(announced() == Properties{.payload_format = 1, .content_type = "application/json"});
  CHECK(announced({.content_type = "a/b"}) ==
        Properties{.payload_format = 1, .content_type = "a/b"});
  CHECK(announced({.payload_format = 0}).payload_format == 0);
  options.encoding = Encoding::cbor;
  CHECK(announced() == Properties{.payload_format = 0, .content_type = "application/cbor"});
  options.encoding = Encoding::msgpack;
  CHECK(announced().content_type == "application/msgpack");
}

TEST_CASE("the envelope is written as CBOR and MessagePack in the same order") {
  EnvelopeOptions options;
  options.time_format = TimeFormat{"unix", Zone::utc};
  options.encoding = Encoding::cbor;
  CHECK(wrapped("hi", options) ==
        "\xa2\x63msg\x62hi\x64"
        "data\x6a"
        "1795457703");
  options.encoding = Encoding::msgpack;
  CHECK(wrapped("hi", options) ==
        "\x82\xa3msg\xa2hi\xa4"
        "data\xaa"
        "1795457703");
}

TEST_CASE("what CBOR or MessagePack cannot hold is refused by name, as message and as field") {
  struct Case {
    Encoding encoding;
    const char* json;
    const char* reason;
  };
  const Case cases[] = {
      {Encoding::cbor, "1e400", "CBOR cannot hold the number 1e400: it is too large for a double"},
      {Encoding::msgpack, "[-1e400]", "MessagePack cannot hold the number -1e400: it is too large"},
      {Encoding::cbor, R"({"a":1e-400})", "the number 1e-400: it is too small for a double"},
      {Encoding::cbor, "18446744073709551617",
       "CBOR cannot hold the integer 18446744073709551617: its integers go from "
       "-18446744073709551616 to 18446744073709551615; --encode json can"},
      {Encoding::msgpack, "18446744073709551616",
       "MessagePack cannot hold the integer 18446744073709551616: its integers go from "
       "-9223372036854775808 to 18446744073709551615"},
      {Encoding::cbor, "-18446744073709551617", "the integer -18446744073709551617"},
      {Encoding::msgpack, "-9223372036854775809", "the integer -9223372036854775809"},
      {Encoding::cbor, "[1,[2,{\"a\":12345678901234567890123}]]", "12345678901234567890123"},
      {Encoding::cbor, R"("x\ud800")", "CBOR cannot hold half a surrogate pair"},
      {Encoding::msgpack, R"({"\udc00":1})", "MessagePack cannot hold half a surrogate pair"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.json);
    EnvelopeOptions options = in_utc();
    options.input = Input::json;
    CHECK_NOTHROW(wrapped(c.json, options));
    options.encoding = c.encoding;
    CHECK_THROWS_AS(wrapped(c.json, options), UsageError);
    CHECK_THROWS_WITH(wrapped(c.json, options), Contains(c.reason));
    options.fields = {{"a", c.json, Form::json}};
    CHECK_THROWS_AS(Envelope{options}, UsageError);
    CHECK_THROWS_WITH(Envelope{options}, Contains(c.reason));
  }
  EnvelopeOptions options = in_utc();
  options.input = Input::json;
  options.encoding = Encoding::cbor;
  try {
    wrapped(std::string(1'000'000, '7'), options);
    FAIL("a million digits were taken");
  } catch (const UsageError& error) {
    CHECK(std::string(error.what()).size() < 300);
  }
}

TEST_CASE("values keep their meaning in CBOR and MessagePack") {
  EnvelopeOptions options;
  options.input = Input::json;
  options.time_format = TimeFormat{"unix", Zone::utc};
  options.fields = {{"z", "[18446744073709551615,-9223372036854775808,0.5,1e2]", Form::json},
                    {"a", "\u00e9\n", Form::text}};
  const std::string_view message = R"({"y":null,"x":[true,"\u00e9",-0,12345678901234567890123.0]})";
  const std::string expected =
      "{\"msg\":{\"y\":null,\"x\":[true,\"\u00e9\",-0.0,1.2345678901234568e+22]},"
      "\"data\":\"1795457703\",\"z\":[18446744073709551615,-9223372036854775808,0.5,100.0],"
      "\"a\":\"\u00e9\\n\"}";
  options.encoding = Encoding::cbor;
  CHECK(cbor_to_json(wrapped(message, options)) == expected);
  options.encoding = Encoding::msgpack;
  CHECK(msgpack_to_json(wrapped(message, options)) == expected);
}

TEST_CASE("a hundred thousand open brackets are refused as a JSON message") {
  EnvelopeOptions options = in_utc();
  options.input = Input::json;
  CHECK_THROWS_AS(wrapped(std::string(100000, '['), options), UsageError);
}
