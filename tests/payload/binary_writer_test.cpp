// SPDX-License-Identifier: MIT
#include "payload/binary.hpp"

#include "bytes.hpp"
#include "payload/json.hpp"

#include <nlohmann/json.hpp>

#include <random>
#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;

namespace {

std::string cbor(std::string_view json) { return to_hex(json_to_cbor(json)); }
std::string msgpack(std::string_view json) { return to_hex(json_to_msgpack(json)); }

/// One of many values, integers around every border of a length among them.
std::string some_value(std::mt19937& random, int depth) {
  static const std::vector<std::string> scalars = {"0",
                                                   "1",
                                                   "23",
                                                   "24",
                                                   "31",
                                                   "32",
                                                   "127",
                                                   "128",
                                                   "255",
                                                   "256",
                                                   "65535",
                                                   "65536",
                                                   "4294967295",
                                                   "4294967296",
                                                   "-1",
                                                   "-24",
                                                   "-25",
                                                   "-32",
                                                   "-33",
                                                   "-127",
                                                   "-128",
                                                   "-129",
                                                   "-256",
                                                   "-257",
                                                   "-32768",
                                                   "-32769",
                                                   "-65536",
                                                   "-65537",
                                                   "0.5",
                                                   "-1.25",
                                                   "-2147483648",
                                                   "-2147483649",
                                                   "1.1",
                                                   "1e300",
                                                   "true",
                                                   "false",
                                                   "null",
                                                   "-4294967296",
                                                   "-4294967297",
                                                   "3.4028234663852886e38",
                                                   "1e39",
                                                   "\"\"",
                                                   "18446744073709551615",
                                                   "-9223372036854775808",
                                                   "\"x\\u00e9\\n\""};
  const auto pick = random() % 8;
  if (depth == 0 || pick > 2) {
    if (pick == 7) return '"' + std::string(random() % 300, 'x') + '"';
    return scalars[random() % scalars.size()];
  }
  const bool object = pick == 0;
  std::string text(1, object ? '{' : '[');
  const auto count = random() % (random() % 10 == 0 ? 300 : 20);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    if (object) text += "\"k" + std::to_string(i) + "\" : ";
    text += some_value(random, depth - 1);
  }
  return text + (object ? '}' : ']');
}

}  // namespace

TEST_CASE("JSON is written as the examples of RFC 8949 have it") {
  CHECK(cbor("0") == "00");
  CHECK(cbor("1000000000000") == "1b000000e8d4a51000");
  CHECK(cbor("18446744073709551615") == "1bffffffffffffffff");
  CHECK(cbor("-18446744073709551616") == "3bffffffffffffffff");
  CHECK(cbor("-9223372036854775809") == "3b8000000000000000");
  CHECK(cbor("-1") == "20");
  CHECK(cbor("-100") == "3863");
  CHECK(cbor("1.5") == "fa3fc00000");
  CHECK(cbor("1.1") == "fb3ff199999999999a");
  CHECK(cbor("100000.0") == "fa47c35000");
  CHECK(cbor("-0") == "fa80000000");
  CHECK(cbor(R"("IETF")") == "6449455446");
  CHECK(cbor(R"("\"\\")") == "62225c");
  CHECK(cbor(R"("\ud800\udd51")") == "64f0908591");
  CHECK(cbor("[1, [2, 3], [4, 5]]") == "8301820203820405");
  CHECK(cbor(R"({"a": 1, "b": [2, 3]})") == "a26161016162820203");
  CHECK(cbor("[{},[],[[]],null,true,false]") == "86a0808180f6f5f4");
}

TEST_CASE("JSON is written as MessagePack has it") {
  CHECK(msgpack("127") == "7f");
  CHECK(msgpack("128") == "cc80");
  CHECK(msgpack("18446744073709551615") == "cfffffffffffffffff");
  CHECK(msgpack("-9223372036854775808") == "d38000000000000000");
  CHECK(msgpack("-32") == "e0");
  CHECK(msgpack("-33") == "d0df");
  CHECK(msgpack("-128") == "d080");
  CHECK(msgpack("-129") == "d1ff7f");
  CHECK(msgpack("1.5") == "ca3fc00000");
  CHECK(msgpack("[{},[],[[]],null,true,false]") == "9680909190c0c3c2");
  CHECK(msgpack(R"({"a":"b"})") == "81a161a162");
}

TEST_CASE("what is written in a binary encoding is what nlohmann writes, and is read again") {
  std::mt19937 random{17};
  for (int i = 0; i < 150; ++i) {
    const std::string json = some_value(random, 4);
    CAPTURE(json);
    const auto value = nlohmann::ordered_json::parse(json);
    const auto as_cbor = nlohmann::ordered_json::to_cbor(value);
    const auto as_msgpack = nlohmann::ordered_json::to_msgpack(value);
    CHECK(cbor(json) == to_hex({reinterpret_cast<const char*>(as_cbor.data()), as_cbor.size()}));
    CHECK(msgpack(json) ==
          to_hex({reinterpret_cast<const char*>(as_msgpack.data()), as_msgpack.size()}));
    const auto read = cbor_to_json(json_to_cbor(json));
    REQUIRE(read);
    CHECK(nlohmann::ordered_json::parse(*read) == value);
    CHECK(msgpack_to_json(json_to_msgpack(json)) == read);
  }
}

TEST_CASE("members that repeat are all written") {
  CHECK(cbor(R"({"a":1,"a":2})") == "a2616101616102");
  CHECK(msgpack(R"({"a":1,"a":2})") == "82a16101a16102");
}
