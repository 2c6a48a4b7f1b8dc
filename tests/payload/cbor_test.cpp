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
  return cbor_to_json(from_hex(hex).value());
}

}  // namespace

TEST_CASE("the examples of RFC 8949 become JSON") {
  struct Case {
    const char* hex;
    const char* json;
  };
  // Appendix A; what JSON cannot say as the header describes.
  const Case cases[] = {
      {"00", "0"},
      {"17", "23"},
      {"1818", "24"},
      {"1903e8", "1000"},
      {"1a000f4240", "1000000"},
      {"1b000000e8d4a51000", "1000000000000"},
      {"1bffffffffffffffff", "18446744073709551615"},
      {"c249010000000000000000", "\"AQAAAAAAAAAA\""},
      {"3bffffffffffffffff", "-18446744073709551616"},
      {"3bfffffffffffffffe", "-18446744073709551615"},
      {"20", "-1"},
      {"3863", "-100"},
      {"3903e7", "-1000"},
      {"f90000", "0.0"},
      {"f98000", "-0.0"},
      {"f93c00", "1.0"},
      {"fb3ff199999999999a", "1.1"},
      {"f93e00", "1.5"},
      {"f97bff", "65504.0"},
      {"fa47c35000", "1e+05"},
      {"fa7f7fffff", "3.4028234663852886e+38"},
      {"fa3dcccccd", "0.10000000149011612"},
      {"fb7e37e43c8800759c", "1e+300"},
      {"f90001", "5.960464477539063e-08"},
      {"f90400", "6.103515625e-05"},
      {"f9c400", "-4.0"},
      {"fbc010666666666666", "-4.1"},
      {"f97c00", "null"},
      {"f97e00", "null"},
      {"f9fc00", "null"},
      {"fa7f800000", "null"},
      {"fb7ff8000000000000", "null"},
      {"f4", "false"},
      {"f5", "true"},
      {"f6", "null"},
      {"f7", "null"},
      {"c074323031332d30332d32315432303a30343a30305a", "\"2013-03-21T20:04:00Z\""},
      {"c11a514b67b0", "1363896240"},
      {"d74401020304", "\"AQIDBA==\""},
      {"40", "\"\""},
      {"60", "\"\""},
      {"6449455446", "\"IETF\""},
      {"62225c", "\"\\\"\\\\\""},
      {"62c3bc", "\"\u00fc\""},
      {"64f0908591", "\"\U00010151\""},
      {"80", "[]"},
      {"8301820203820405", "[1,[2,3],[4,5]]"},
      {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
       "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
      {"a0", "{}"},
      {"a201020304", "{\"1\":2,\"3\":4}"},
      {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
      {"5f42010243030405ff", "\"AQIDBAU=\""},
      {"7f657374726561646d696e67ff", "\"streaming\""},
      {"9fff", "[]"},
      {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
      {"83019f0203ff820405", "[1,[2,3],[4,5]]"},
      {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}"},
      {"bf6346756ef563416d7421ff", "{\"Fun\":true,\"Amt\":-2}"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.hex);
    CHECK(of_hex(c.hex) == c.json);
  }
}

TEST_CASE("CBOR keys that are no text become text, repeated keys stay") {
  CHECK(of_hex("a12001") == "{\"-1\":1}");
  CHECK(of_hex("a1f501") == "{\"true\":1}");
  CHECK(of_hex("a1fb3ff800000000000001") == "{\"1.5\":1}");
  CHECK(of_hex("a1420102f6") == "{\"AQI=\":null}");
  CHECK(of_hex("a1c1016161") == "{\"1\":\"a\"}");
  CHECK(of_hex("a2616101616102") == "{\"a\":1,\"a\":2}");
  CHECK_FALSE(of_hex("a18001"));
  CHECK_FALSE(of_hex("a1a001"));
}

TEST_CASE("what is not one well-formed CBOR item is nothing") {
  for (const char* hex : {"",
                          "0000",
                          "18",
                          "19 03",
                          "1c",
                          "1d",
                          "1e",
                          "1f",
                          "3f",
                          "61",
                          "41",
                          "62 61",
                          "81",
                          "82 01",
                          "a1 01",
                          "a1",
                          "ff",
                          "9f",
                          "9f 01",
                          "bf 61 61 ff",
                          "bf 01",
                          "5f",
                          "5f 41",
                          "7f 01 ff",
                          "5f 61 61 ff",
                          "7f 41 61 ff",
                          "7f 7f ff ff",
                          "81 ff",
                          "a1 ff 01",
                          "dc",
                          "c0",
                          "df 01",
                          "e0",
                          "f0",
                          "f8 00",
                          "f8 20",
                          "f8 ff",
                          "fc",
                          "fd",
                          "fe",
                          "61 ff",
                          "62 c3 28",
                          "7f 61 c3 61 bc ff",
                          "f9 00",
                          "fa 00 00 00",
                          "f5 00"}) {
    CAPTURE(hex);
    CHECK_FALSE(of_hex(hex));
  }
}

TEST_CASE("CBOR lengths that lie claim no memory") {
  for (const char* hex : {"5bffffffffffffffff00", "7bffffffffffffffff00", "9bffffffffffffffff00",
                          "bbffffffffffffffff0000", "5b7fffffffffffffff00", "9affffffff00"}) {
    CAPTURE(hex);
    CHECK_FALSE(of_hex(hex));
  }
}

TEST_CASE("CBOR nests a hundred levels, not one more, however often it is tagged") {
  CHECK(cbor_to_json(std::string(100, '\x81') + '\x01') ==
        std::string(100, '[') + '1' + std::string(100, ']'));
  CHECK_FALSE(cbor_to_json(std::string(101, '\x81') + '\x01'));
  CHECK_FALSE(cbor_to_json(std::string(1000000, '\x81')));
  CHECK_FALSE(cbor_to_json(std::string(1000000, '\x9f')));
  CHECK_FALSE(cbor_to_json(std::string(1000000, '\xa1')));
  CHECK_FALSE(cbor_to_json(std::string(1000000, '\xbf')));
  CHECK_FALSE(cbor_to_json(std::string(1000000, '\x5f')));
  CHECK_FALSE(cbor_to_json(std::string(1000000, '\xc1')));
  CHECK(cbor_to_json(std::string(1000000, '\xc1') + '\x05') == "5");
}

TEST_CASE("no proper prefix of a CBOR item is one") {
  const std::string item =
      from_hex("bf61619f01fb3ff199999999999a7f61616162ffff6162a1014401020304ff").value();
  REQUIRE(cbor_to_json(item));
  for (std::size_t size = 0; size < item.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(cbor_to_json(item.substr(0, size)));
  }
}

TEST_CASE("what nlohmann writes as CBOR is read as the same value") {
  const auto value = nlohmann::json::parse(
      R"({"a":[1,-1,255,-256,65536,4294967296,-4294967297,18446744073709551615,
          -9223372036854775808,0.5,1.1,true,null,"é\n",{}],"b":{"":[[]]}})");
  const auto bytes = nlohmann::json::to_cbor(value);
  const auto json = cbor_to_json(std::string(bytes.begin(), bytes.end()));
  REQUIRE(json);
  CHECK(nlohmann::json::parse(*json) == value);
}

TEST_CASE("random bytes read as CBOR give JSON or nothing") {
  std::mt19937 random{6};
  int read = 0;
  for (int i = 0; i < 50000; ++i) {
    std::string bytes;
    const std::size_t size = 1 + random() % 10;
    for (std::size_t j = 0; j < size; ++j) bytes += static_cast<char>(random());
    const auto json = cbor_to_json(bytes);
    read += json ? 1 : 0;
    if (json && !is_json(*json)) FAIL_CHECK(to_hex(bytes));
  }
  CHECK(read > 1000);
}
