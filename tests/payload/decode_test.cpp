// SPDX-License-Identifier: MIT
#include "payload/decode.hpp"

#include "payload/json.hpp"

#include <random>
#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using namespace std::string_literals;

namespace {

Message of(std::string payload, std::optional<std::string> content_type = {}) {
  Message message;
  message.topic = "t";
  message.payload = std::move(payload);
  message.properties.content_type = std::move(content_type);
  return message;
}

const std::string cbor_map = "\xa1\x61k\x01";     // {"k": 1}
const std::string msgpack_map = "\x81\xa1k\x01";  // {"k": 1}

}  // namespace

TEST_CASE("a payload without content type is JSON, else text, else binary") {
  struct Case {
    std::string payload;
    Kind kind;
  };
  const Case cases[] = {
      {"", Kind::empty},
      {"{\"a\":1}", Kind::json},
      {" [1] \n", Kind::json},
      {"42", Kind::json},
      {"\"x\"", Kind::json},
      {"null", Kind::json},
      {"hello", Kind::text},
      {"{", Kind::text},
      {"\u00e9", Kind::text},
      {"a\0b"s, Kind::text},
      {"\xef\xbb\xbf{}", Kind::text},
      {"\xff", Kind::binary},
      {"\"\xff\"", Kind::binary},
      {cbor_map, Kind::binary},
      {std::string(100000, '['), Kind::text},
  };
  for (const Case& c : cases) {
    CAPTURE(c.payload.substr(0, 20));
    const Message message = of(c.payload);
    const Decoded decoded = decode(message);
    CHECK(decoded.kind() == c.kind);
    CHECK(decoded.shown() == c.payload);
    CHECK(decoded.json().has_value() == (c.kind == Kind::json));
    CHECK(&decoded.message() == &message);
  }
}

TEST_CASE("a content type says what the payload is, where it can be that") {
  struct Case {
    const char* content_type;
    std::string payload;
    Kind kind;
  };
  const Case cases[] = {
      {"application/json", "1", Kind::json},
      {"text/plain", "1", Kind::text},
      {"TEXT/Plain; charset=utf-8", "1", Kind::text},
      {"text/csv", "[1]", Kind::text},
      {"application/cbor", cbor_map, Kind::cbor},
      {" Application/CBOR ; x=y", cbor_map, Kind::cbor},
      {"application/senml+cbor", cbor_map, Kind::cbor},
      {"application/senml+json", "[]", Kind::json},
      {"application/msgpack", msgpack_map, Kind::msgpack},
      {"application/x-msgpack", msgpack_map, Kind::msgpack},
      {"application/vnd.msgpack", msgpack_map, Kind::msgpack},
      // One byte that is a number in CBOR and text otherwise: the content type decides.
      {"application/cbor", "\x01", Kind::cbor},
      // It says nothing.
      {"application/octet-stream", "1", Kind::json},
      {"", "x", Kind::text},
      {";", "x", Kind::text},
      {"json", "x", Kind::text},
      {"\xff", "1", Kind::json},
      // It does not fit: the rest of the order.
      {"application/json", "x", Kind::text},
      {"application/json", "\xff", Kind::binary},
      {"text/plain", "\xff", Kind::binary},
      {"application/cbor", "{\"a\":1}", Kind::json},
      {"application/cbor", "hello", Kind::text},
      {"application/msgpack", "\xc1", Kind::binary},
      {"application/cbor", "", Kind::empty},
  };
  for (const Case& c : cases) {
    CAPTURE(c.content_type, c.payload);
    const Message message = of(c.payload, c.content_type);
    CHECK(decode(message).kind() == c.kind);
  }
}

TEST_CASE(
    "what the user asked for wins over the content type, and is binary when it does not fit") {
  struct Case {
    DecodeAs as;
    std::string payload;
    Kind kind;
    std::string shown;
  };
  const Case cases[] = {
      {DecodeAs::json, "[ 1.0 ]", Kind::json, "[ 1.0 ]"},
      {DecodeAs::json, "x", Kind::binary, "x"},
      {DecodeAs::text, "[1]", Kind::text, "[1]"},
      {DecodeAs::text, "\xff", Kind::binary, "\xff"},
      {DecodeAs::cbor, cbor_map, Kind::cbor, "{\"k\":1}"},
      {DecodeAs::cbor, "\xff", Kind::binary, "\xff"},
      {DecodeAs::cbor, cbor_map + "\x01", Kind::binary, cbor_map + "\x01"},
      {DecodeAs::msgpack, msgpack_map, Kind::msgpack, "{\"k\":1}"},
      {DecodeAs::msgpack, "\xc1", Kind::binary, "\xc1"},
      {DecodeAs::hex, "a\xff", Kind::binary, "61ff"},
      {DecodeAs::base64, "a\xff", Kind::binary, "Yf8="},
      {DecodeAs::binary, "1", Kind::binary, "1"},
      {DecodeAs::json, "", Kind::empty, ""},
      {DecodeAs::hex, "", Kind::empty, ""},
      {DecodeAs::cbor, "", Kind::empty, ""},
  };
  for (const Case& c : cases) {
    const Message message = of(c.payload, "text/plain");
    const Decoded decoded = decode(message, c.as);
    CAPTURE(static_cast<int>(c.as), c.payload);
    CHECK(decoded.kind() == c.kind);
    CHECK(decoded.shown() == c.shown);
    const bool has_value = c.kind == Kind::json || c.kind == Kind::cbor || c.kind == Kind::msgpack;
    CHECK(decoded.json() == (has_value ? std::optional<std::string_view>(c.shown) : std::nullopt));
  }
}

TEST_CASE("a copy of what was decoded stands on its own") {
  const Message message = of(cbor_map);
  std::optional<Decoded> first = decode(message, DecodeAs::cbor);
  REQUIRE(first->json() == "{\"k\":1}");
  const Decoded second = *first;
  first.reset();
  CHECK(second.json() == "{\"k\":1}");
}

TEST_CASE("random bytes are decoded in every way without harm") {
  std::mt19937 random{8};
  for (int i = 0; i < 20000; ++i) {
    std::string bytes;
    const std::size_t size = random() % 20;
    for (std::size_t j = 0; j < size; ++j) bytes += static_cast<char>(random());
    const Message message = of(bytes);
    for (int as = 0; as <= static_cast<int>(DecodeAs::binary); ++as) {
      const Decoded decoded = decode(message, static_cast<DecodeAs>(as));
      if (const auto json = decoded.json(); json && !is_json(*json)) FAIL_CHECK(bytes);
    }
  }
}
