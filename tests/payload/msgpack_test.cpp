// SPDX-License-Identifier: MIT
#include "payload/binary.hpp"

#include "bytes.hpp"
#include "payload/json.hpp"

#include <nlohmann/json.hpp>

#include <random>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;

namespace {

std::optional<std::string> of_hex(std::string_view hex) {
  return msgpack_to_json(from_hex(hex).value());
}

}  // namespace

TEST_CASE("every format of MessagePack becomes JSON") {
  struct Case {
    const char* hex;
    const char* json;
  };
  const Case cases[] = {
      {"00", "0"},
      {"7f", "127"},
      {"80", "{}"},
      {"81a16101", "{\"a\":1}"},
      {"90", "[]"},
      {"920193", nullptr},
      {"92019102", "[1,[2]]"},
      {"a0", "\"\""},
      {"a3666f6f", "\"foo\""},
      {"c0", "null"},
      {"c2", "false"},
      {"c3", "true"},
      {"c40201ff", "\"Af8=\""},
      {"c5000201ff", "\"Af8=\""},
      {"c60000000201ff", "\"Af8=\""},
      {"c7020501ff", "\"Af8=\""},
      {"c800020501ff", "\"Af8=\""},
      {"c9000000020501ff", "\"Af8=\""},
      {"c70005", "\"\""},
      {"ca3fc00000", "1.5"},
      {"ca3dcccccd", "0.10000000149011612"},
      {"ca7f800000", "null"},
      {"cb3ff199999999999a", "1.1"},
      {"cb7ff8000000000000", "null"},
      {"ccff", "255"},
      {"cdffff", "65535"},
      {"ceffffffff", "4294967295"},
      {"cfffffffffffffffff", "18446744073709551615"},
      {"d080", "-128"},
      {"d07f", "127"},
      {"d18000", "-32768"},
      {"d280000000", "-2147483648"},
      {"d38000000000000000", "-9223372036854775808"},
      {"d405ff", "\"/w==\""},
      {"d505ffff", "\"//8=\""},
      {"d605ffffffff", "\"/////w==\""},
      {"d7050000000000000000", "\"AAAAAAAAAAA=\""},
      {"d80500000000000000000000000000000000", "\"AAAAAAAAAAAAAAAAAAAAAA==\""},
      {"d903666f6f", "\"foo\""},
      {"da0003666f6f", "\"foo\""},
      {"db00000003666f6f", "\"foo\""},
      {"dc0002c0c3", "[null,true]"},
      {"dd00000002c0c3", "[null,true]"},
      {"de0001a161c0", "{\"a\":null}"},
      {"df00000001a161c0", "{\"a\":null}"},
      {"e0", "-32"},
      {"ff", "-1"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.hex);
    if (c.json == nullptr) {
      CHECK_FALSE(of_hex(c.hex));
    } else {
      CHECK(of_hex(c.hex) == c.json);
    }
  }
}

TEST_CASE("MessagePack keys that are no text become text, repeated keys stay") {
  CHECK(of_hex("820102ff03") == "{\"1\":2,\"-1\":3}");
  CHECK(of_hex("81c301") == "{\"true\":1}");
  CHECK(of_hex("81c40101c0") == "{\"AQ==\":null}");
  CHECK(of_hex("82a16101a16102") == "{\"a\":1,\"a\":2}");
  CHECK_FALSE(of_hex("819001"));
  CHECK_FALSE(of_hex("818001"));
}

TEST_CASE("MessagePack time stamps become RFC 3339") {
  // 0x6b0482a7 = 1795457703 s
  CHECK(of_hex("d6ff6b0482a7") == "\"2026-11-23T18:15:03Z\"");
  CHECK(of_hex("d6ff00000000") == "\"1970-01-01T00:00:00Z\"");
  // 500000000 ns << 34 | 1 s
  CHECK(of_hex("d7ff7735940000000001") == "\"1970-01-01T00:00:01.500Z\"");
  // 1 ns << 34
  CHECK(of_hex("d7ff0000000400000000") == "\"1970-01-01T00:00:00.000000001Z\"");
  CHECK(of_hex("c70cff000003e8ffffffffffffffff") == "\"1969-12-31T23:59:59.000001Z\"");
}

TEST_CASE("MessagePack time stamps that no clock shows stay bytes") {
  // 10^9 ns; a second count at the end of 64 bits; a length that the specification lacks.
  CHECK(of_hex("c70cff3b9aca000000000000000000") == "\"O5rKAAAAAAAAAAAA\"");
  CHECK(of_hex("c70cff000000007fffffffffffffff") == "\"AAAAAH//////////\"");
  CHECK(of_hex("c70cff000000008000000000000000") == "\"AAAAAIAAAAAAAAAA\"");
  CHECK(of_hex("d4ff00") == "\"AA==\"");
  CHECK(of_hex("c700ff") == "\"\"");
}

TEST_CASE("what is not one well-formed MessagePack object is nothing") {
  for (const char* hex :
       {"",         "0000", "c1",     "91",     "81",     "81a161", "a1",     "a1ff",
        "a2c328",   "c4",   "c401",   "c50001", "c7",     "c701",   "c70105", "c900000001",
        "ca000000", "cb00", "cc",     "cd00",   "ce",     "cf",     "d0",     "d100",
        "d2",       "d3",   "d4",     "d405",   "d80500", "d9",     "d901",   "da00",
        "db",       "dc00", "dc0001", "dd",     "de0001", "df",     "c0c0"}) {
    CAPTURE(hex);
    CHECK_FALSE(of_hex(hex));
  }
}

TEST_CASE("MessagePack lengths that lie claim no memory") {
  for (const char* hex :
       {"c6ffffffff00", "c9ffffffff0500", "dbffffffff00", "ddffffffff00", "dfffffffff0000"}) {
    CAPTURE(hex);
    CHECK_FALSE(of_hex(hex));
  }
}

TEST_CASE("MessagePack nests a hundred levels, not one more") {
  CHECK(msgpack_to_json(std::string(100, '\x91') + '\x01') ==
        std::string(100, '[') + '1' + std::string(100, ']'));
  CHECK_FALSE(msgpack_to_json(std::string(101, '\x91') + '\x01'));
  CHECK_FALSE(msgpack_to_json(std::string(1000000, '\x91')));
  CHECK_FALSE(msgpack_to_json(std::string(1000000, '\x81')));
}

TEST_CASE("no proper prefix of a MessagePack object is one") {
  const std::string object =
      from_hex("83a1619301cb3ff199999999999aa3666f6f01c40401020304c7020501ffc3").value();
  REQUIRE(msgpack_to_json(object));
  for (std::size_t size = 0; size < object.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(msgpack_to_json(object.substr(0, size)));
  }
}

TEST_CASE("what nlohmann writes as MessagePack is read as the same value") {
  const auto value = nlohmann::json::parse(
      R"({"a":[1,-1,255,-256,65536,4294967296,-4294967297,18446744073709551615,
          -9223372036854775808,0.5,1.1,true,null,"é\n",{}],"b":{"":[[]]}})");
  const auto bytes = nlohmann::json::to_msgpack(value);
  const auto json = msgpack_to_json(std::string(bytes.begin(), bytes.end()));
  REQUIRE(json);
  CHECK(nlohmann::json::parse(*json) == value);
}

TEST_CASE("random bytes read as MessagePack give JSON or nothing") {
  std::mt19937 random{7};
  int read = 0;
  for (int i = 0; i < 50000; ++i) {
    std::string bytes;
    const std::size_t size = 1 + random() % 10;
    for (std::size_t j = 0; j < size; ++j) bytes += static_cast<char>(random());
    const auto json = msgpack_to_json(bytes);
    read += json ? 1 : 0;
    if (json && !is_json(*json)) FAIL_CHECK(to_hex(bytes));
  }
  CHECK(read > 1000);
}
