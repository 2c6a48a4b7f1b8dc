// SPDX-License-Identifier: MIT
//
// What goes in as hex, base64, CBOR or MessagePack, and what comes out decoded.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <algorithm>

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

/// What a run of mqtt-pub publishes to topic "t".
std::vector<Packet> published(std::initializer_list<std::string> words, const std::string& input,
                              int code = 0) {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const auto result = run(pub(broker.port(), {"t"}).add(words), input);
  check_exit(result, code);
  return broker.received(PacketType::publish);
}

/// What a run of mqtt-sub shows of one message.
std::string shown(std::initializer_list<std::string> words, const std::string& payload,
                  const std::string& content_type = {}) {
  ScriptBroker broker{[&](Session& session) {
    session.accept_subscription();
    session.publish("t", payload, 0, 0,
                    content_type.empty() ? "" : "\x03" + encode_text(content_type));
    session.serve();
  }};
  const auto result =
      run(sub(broker.port(), {"t", "-C", "1", "-W", "20", "--no-reconnect"}).add(words));
  check_exit(result, 0);
  return result.out;
}

/// Without the time of the record.
std::string record(const std::string& payload, const std::string& content_type = {}) {
  const auto line = shown({"-o", "json"}, payload, content_type);
  return line.substr(std::min(line.find("\"payloadlen\""), line.size()));
}

}  // namespace

TEST_CASE("bytes are given in hex or base64, as a word, a file or lines") {
  const auto payloads = [](std::initializer_list<std::string> words, const std::string& input) {
    std::vector<std::string> bytes;
    for (const auto& message : published(words, input)) bytes.push_back(message.payload());
    return bytes;
  };
  using Bytes = std::vector<std::string>;
  CHECK((payloads({"--raw", "--from", "hex", "00ff1B"}, "") == Bytes{"\0\xff\x1b"s}));
  CHECK((payloads({"--raw", "--from", "base64", "AP8b"}, "") == Bytes{"\0\xff\x1b"s}));
  CHECK((payloads({"--raw", "--from", "hex", "-s"}, "00 ff\n1b\n") == Bytes{"\0\xff\x1b"s}));
  CHECK((payloads({"--raw", "--from", "base64", "-s"}, "AP\n8b\n") == Bytes{"\0\xff\x1b"s}));
  CHECK(
      (payloads({"--raw", "--from", "hex", "-l"}, "61\n\n00\r\n7A") == Bytes{"a", "", "\0"s, "z"}));
  CHECK((payloads({"--raw", "--from", "base64", "-l"}, "YQ==\n\neg==\n") == Bytes{"a", "", "z"}));
  CHECK(published({"--raw", "--from", "hex", "0g"}, "", 2).empty());
  CHECK(published({"--raw", "--from", "hex", "000"}, "", 2).empty());
  CHECK(published({"--raw", "--from", "base64", "AP8"}, "", 2).empty());
  CHECK(published({"--raw", "--from", "hex", "-l"}, "61\n6\n62\n", 2).size() == 1);
}

TEST_CASE("the envelope can be CBOR or MessagePack and says so under MQTT 5") {
  struct Case {
    const char* encoding;
    std::string expected;
    const char* content_type;
  };
  // {"msg":"hi","data":"T%","n":[1,-2,0.1,null,true]} as RFC 8949 and the MessagePack
  // specification have it.
  const std::vector<Case> cases{
      {"cbor",
       "\xa3\x63msg\x62hi\x64"
       "data\x62T%\x61n\x85\x01\x21\xfb\x3f\xb9\x99\x99\x99\x99\x99\x9a\xf6\xf5"s,
       "application/cbor"},
      {"msgpack",
       "\x83\xa3msg\xa2hi\xa4"
       "data\xa2T%\xa1n\x95\x01\xfe\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a\xc0\xc3"s,
       "application/msgpack"},
      {"json", R"({"msg":"hi","data":"T%","n":[1,-2,0.1,null,true]})", "application/json"},
  };
  for (const auto& [encoding, expected, content_type] : cases) {
    CAPTURE(encoding);
    const auto sent = published(
        {"hi", "--time-format", "T%%", "--field", "n:=[1,-2,0.1,null,true]", "--encode", encoding},
        "");
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].payload() == expected);
    CHECK(sent[0].properties().find("\x03" + encode_text(content_type)) != std::string::npos);
    CHECK(shown({"--select", "/n/2"}, sent[0].payload(), content_type) == "0.1\n");
    CHECK(shown({"--decode", encoding, "-o", "raw"}, sent[0].payload()) ==
          R"({"msg":"hi","data":"T%","n":[1,-2,0.1,null,true]})"
          "\n");
    CHECK(published({"hi", "--raw", "--encode", encoding}, "", 2).empty());
    const auto old = published({"hi", "--encode", encoding, "-V", "3.1.1"}, "");
    REQUIRE(old.size() == 1);
    CHECK(old[0].properties().empty());
  }
}

TEST_CASE("a content type decides what a payload is, and an option decides over it") {
  const auto cbor = "\xa1\x61\x61\x19\x03\xe8"s;  // {"a":1000}
  const auto msgpack = "\x81\xa1\x61\xcd\x03\xe8"s;
  for (const auto* type : {"application/cbor", "application/cbor; x=y", "application/x+cbor"}) {
    CAPTURE(type);
    CHECK(shown({"--select", "/a"}, cbor, type) == "1000\n");
    CHECK(record(cbor, type).find(R"("payload_base64":"oWFhGQPo","value":{"a":1000}})") !=
          std::string::npos);
  }
  for (const auto* type : {"application/msgpack", "application/x-msgpack"}) {
    CAPTURE(type);
    CHECK(shown({"--select", "/a"}, msgpack, type) == "1000\n");
  }
  // Without a content type bytes are not guessed at.
  CHECK(record(cbor).find("value") == std::string::npos);
  CHECK(shown({"--select", "/a", "--decode", "cbor"}, cbor) == "1000\n");
  CHECK(shown({"--select", "/a", "--decode", "msgpack"}, msgpack, "application/cbor") == "1000\n");
  // What is not what its content type says is shown all the same.
  CHECK(record("{\"a\":1}", "application/cbor").find("\"payload\":\"{") != std::string::npos);
  CHECK(record("not json", "application/json").find(R"("payload":"not json"})") !=
        std::string::npos);
}

TEST_CASE("raw output is the bytes of a payload, whatever its content type says") {
  const auto cbor = "\xa1\x61\x61\x19\x03\xe8"s;  // {"a":1000}
  for (const auto* type : {"application/cbor", "application/json", "text/plain"}) {
    CAPTURE(type);
    CHECK(shown({"-N"}, cbor, type) == cbor);
    CHECK(shown({"-N", "-o", "raw"}, cbor, type) == cbor);
    CHECK(shown({"-N", "--decode", "auto"}, cbor, type) == cbor);
    CHECK(shown({"-N", "-F", "%p %l"}, cbor, type) == cbor + " 6");
    CHECK(shown({"-N", "--decode", "cbor"}, cbor, type) == R"({"a":1000})");
    CHECK(shown({"-N", "--decode", "cbor", "-F", "%p %l"}, cbor, type) == R"({"a":1000} 6)");
  }
}

TEST_CASE("a number of four bytes is the double that it is, sent and received") {
  for (const auto* encoding : {"cbor", "msgpack"}) {
    CAPTURE(encoding);
    const auto sent = published({"--encode", encoding, "--json", "-m", "0.10000000149011612"}, "");
    REQUIRE(sent.size() == 1);
    const auto payload = sent[0].payload();
    const auto type = "application/"s + encoding;
    CHECK(shown({"--select", "/msg"}, payload, type) == "0.10000000149011612\n");
    shown({"--expect", R"({"msg":0.10000000149011612})"}, payload, type);
  }
}

TEST_CASE("what an encoding cannot hold is refused before anything is sent") {
  for (const auto* number : {"1e400", "-1e400", "18446744073709551616", "1e-400"}) {
    for (const auto* encoding : {"cbor", "msgpack"}) {
      CAPTURE(number, encoding);
      CHECK(published({"--encode", encoding, "--json", "-m", number}, "", 2).empty());
      CHECK(published({"--encode", encoding, "--field", "n:="s + number, "x"}, "", 2).empty());
    }
    CHECK(published({"--json", "-m", number}, "").size() == 1);
  }
  CHECK(published({"--encode", "cbor", "--json", "-m", "-18446744073709551616"}, "").size() == 1);
  CHECK(published({"--encode", "cbor", "--json", "-m", "-18446744073709551617"}, "", 2).empty());
  CHECK(published({"--encode", "msgpack", "--json", "-m", "-9223372036854775809"}, "", 2).empty());
}

TEST_CASE("a payload can be shown as whatever it is taken for") {
  struct Case {
    const char* decode;
    std::string payload;
    std::string expected;
  };
  const std::vector<Case> cases{
      {"hex", "a\0\xff"s, "6100ff"},
      {"base64", "a\0\xff"s, "YQD/"},
      {"text", "{\"a\": 1}", "{\"a\": 1}"},
      {"json", "{\"a\": 1}", "{\"a\": 1}"},
      {"binary", "a\0\xff"s, "a\0\xff"s},
      {"cbor", "\x83\x01\x02\x03", "[1,2,3]"},
      {"msgpack", "\x93\x01\x02\x03", "[1,2,3]"},
      {"auto", "plain", "plain"},
      {"cbor", "no", "no"},
      {"json", "no", "no"},
  };
  for (const auto& [decode, payload, expected] : cases) {
    CAPTURE(decode);
    CHECK(shown({"--decode", decode, "-o", "raw"}, payload) == expected + "\n");
  }
}

TEST_CASE("a million nested arrays are shown as the bytes they are") {
  for (const auto& [type, bytes] :
       {std::pair{"application/cbor"s, std::string(1'000'000, '\x81')},
        std::pair{"application/msgpack"s, std::string(1'000'000, '\x91')},
        std::pair{"application/json"s, std::string(1'000'000, '[')}}) {
    CAPTURE(type);
    CHECK(shown({"-o", "raw"}, bytes, type) == bytes + "\n");
    const auto line = record(bytes, type);
    CHECK(line.find("\"payloadlen\":1000000") == 0);
    CHECK(line.find("\"value\"") == std::string::npos);
    const auto pretty = shown({"-o", "pretty"}, bytes, type);
    CHECK(pretty.find(type[12] == 'j'   ? "[[[[[[[["
                      : type[12] == 'c' ? "81 81 81"
                                        : "91 91 91") != std::string::npos);
  }
}

TEST_CASE("numbers keep their exact text") {
  const std::string numbers =
      "[1.0,1e400,-1E-400,12345678901234567890,0.10,-0,-0.0,1e2,100000000000000000000000001]";
  CHECK(shown({"-o", "raw"}, numbers) == numbers + "\n");
  CHECK(shown({"-o", "raw", "--decode", "json"}, numbers) == numbers + "\n");
  CHECK(shown({"--select", ""}, numbers) == numbers + "\n");
  CHECK(shown({"--select", "/1"}, numbers) == "1e400\n");
  CHECK(shown({"--select", "/0"}, numbers) == "1.0\n");
  CHECK(record(numbers).find("\"value\":" + numbers + "}") != std::string::npos);
  CHECK(shown({"-F", "%J"}, numbers).find("\"payload\":" + numbers + "}") != std::string::npos);
  const auto pretty = shown({"-o", "pretty"}, R"({"a":1.0,"b":1e400,"c":12345678901234567890})");
  for (const auto* number : {"1.0", "1e400", "12345678901234567890"}) {
    CHECK(pretty.find(number) != std::string::npos);
  }
  const auto sent = published({"--json", numbers, "--time-format", "T%%", "--field", "n:=1.0"}, "");
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].payload() == R"({"msg":)" + numbers + R"(,"data":"T%","n":1.0})");
}

TEST_CASE("one value is shown by its pointer, and messages without it are skipped") {
  Broker broker;
  Process process{broker.sub({"t", "-C", "4", "--select", "/a~1b/1"})};
  REQUIRE(broker.wait_for_subscription("t"));
  const auto* lines =
      "{\"a/b\":[0,\"x\\n\"]}\nnothing\n{\"a/b\":[0]}\n{\"a/b\":[0,{\"c\": [ 1.0 ]}]}\n[]\n"
      "{\"a/b\":[0,null]}\n{\"a/b\":{\"1\":true}}\n";
  check_exit(run(broker.pub({"t", "-l", "--raw"}), lines), 0);
  const auto result = process.wait();
  check_exit(result, 0);
  CHECK(result.out == "x\n\n{\"c\":[1.0]}\nnull\ntrue\n");
}
