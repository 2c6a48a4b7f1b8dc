// SPDX-License-Identifier: MIT
//
// Whatever arrives is shown, and never ends the program.

#include "catch.hpp"
#include "support/programs.hpp"

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

struct Payload {
  const char* name;
  std::string bytes;
};

std::vector<Payload> payloads() {
  return {{"nothing", ""},
          {"a NUL", "a\0b"s},
          {"bad UTF-8", "\xC3\x28 \xFF\xFE \xED\xA0\x80"},
          {"100,000 brackets", std::string(100'000, '[')},
          {"100,000 closed brackets", std::string(100'000, '[') + std::string(100'000, ']')},
          {"100,000 objects",
           [] {
             std::string text;
             for (int i = 0; i < 100'000; ++i) text += "{\"a\":";
             return text;
           }()},
          {"100,000 nested CBOR arrays", std::string(100'000, '\x81')},
          {"100,000 nested MessagePack arrays", std::string(100'000, '\x91')},
          {"a CBOR length without end", "\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"},
          {"duplicate keys", R"({"a":1,"a":2,"msg":"x","msg":"y"})"},
          {"numbers without measure", "[1e999999,-1e999999," + std::string(10'000, '9') + "]"},
          {"a lone surrogate", R"({"msg":"\ud800"})"},
          {"terminal control", "\x1B]0;title\x07\x1B[2J\x9B\x31m\u202E"},
          {"half a string", R"({"msg":"never en)"},
          {"10 MB", std::string(10'000'000, 'x')}};
}

void publish(const Broker& broker, const std::string& bytes) {
  auto command = broker.command("/usr/bin/mosquitto_pub", {"-t", "t", "-q", "1"});
  if (bytes.empty()) {
    command.add({"-n"});
  } else {
    command.add({"-s"}).input(bytes);
  }
  check_exit(run(command), 0);
}

/// The program sees all of them, then one more.
Result shown(const std::vector<std::string>& form) {
  Broker broker;
  const auto all = payloads();
  auto command = broker.sub({"t", "-C", std::to_string(all.size() + 1)});
  for (const auto& word : form) command.add({word});
  Process process{command};
  REQUIRE(broker.wait_for_subscription("t"));
  for (const auto& [name, bytes] : all) {
    CAPTURE(name);
    publish(broker, bytes);
  }
  publish(broker, "still here");
  return process.wait(4 * patience);
}

}  // namespace

TEST_CASE("untrusted payloads go through a pipe unchanged") {
  const auto result = shown({"-o", "raw"});
  check_exit(result, 0);
  std::string expected;
  for (const auto& payload : payloads()) expected += payload.bytes + "\n";
  CHECK(result.out == expected + "still here\n");
}

TEST_CASE("untrusted payloads are shown in every form") {
  struct Form {
    std::vector<std::string> words;
    const char* last;  ///< What "still here" is in it.
  };
  const std::vector<Form> forms{{{"-o", "pretty"}, "still here"},
                                {{"-o", "pretty", "--color", "always"}, "still here"},
                                {{"-o", "raw", "--decode", "json"}, "still here"},
                                {{"-o", "raw", "--decode", "hex"}, "7374696c6c2068657265"},
                                {{"-o", "raw", "--decode", "base64"}, "c3RpbGwgaGVyZQ=="}};
  for (const auto& [words, last] : forms) {
    CAPTURE(words.back());
    const auto result = shown(words);
    INFO(result.err);
    CHECK(result.code == 0);
    CHECK(result.out.find(last) != std::string::npos);
  }
}

TEST_CASE("untrusted payloads do not end a run that takes them for something else") {
  for (const auto* encoding : {"cbor", "msgpack", "text", "binary"}) {
    CAPTURE(encoding);
    CHECK(shown({"--decode", encoding}).code == 0);
    CHECK(shown({"--decode", encoding, "-o", "json"}).code == 0);
  }
}

TEST_CASE("untrusted payloads do not reach the terminal as they are") {
  const auto result = shown({"-o", "pretty"});
  CHECK(result.out.find("\x1B]") == std::string::npos);
  CHECK(result.out.find('\x07') == std::string::npos);
  CHECK(result.out.find("\u202E") == std::string::npos);
}

TEST_CASE("a record is valid JSON, whatever arrived") {
  const auto result = shown({"-o", "json"});
  check_exit(result, 0);
  const auto* check = R"(
import base64, json, sys
count = 0
for line in sys.stdin.buffer:
    record = json.loads(line.decode('utf-8'), parse_int=str)
    payload = record['payload'].encode() if 'payload' in record else base64.b64decode(record['payload_base64'])
    assert len(payload) == int(record['payloadlen']), line[:200]
    count += 1
print(count)
)";
  const auto checked = run(python(check, {}), result.out);
  check_exit(checked, 0);
  CHECK(checked.out == std::to_string(payloads().size() + 1) + "\n");
}

TEST_CASE("untrusted payloads meet no expectation and no filter") {
  Broker broker;
  Process process{
      broker.sub({"t", "--match", R"({"msg":"ok"})", "--grep", "^(o|k|.)*ok", "-C", "1"})};
  REQUIRE(broker.wait_for_subscription("t"));
  for (const auto& [name, bytes] : payloads()) {
    publish(broker, bytes);
  }
  check_exit(run(broker.pub({"t", "ok", "-q", "1", "--time-format", "T%%"})), 0);
  const auto result = process.wait();
  check_exit(result, 0);
  CHECK(result.out == "{\"msg\":\"ok\",\"data\":\"T%\"}\n");
}
