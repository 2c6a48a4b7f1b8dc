// SPDX-License-Identifier: MIT
//
// Records that are published again. (That they carry any message is in round_trip_test.cpp.)

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

std::string record(const std::string& second, const std::string& topic, const std::string& more) {
  return R"({"tst":"2026-11-23T18:15:)" + second + R"(Z","topic":")" + topic +
         R"(","qos":1,"retain":false,)" + more + "}\n";
}

struct Replayed {
  Result result{};
  std::vector<Packet> messages{};
  std::chrono::steady_clock::time_point start{};  ///< Before the program was started.
};

Replayed replay(const std::string& records, std::initializer_list<std::string> words, int code,
                const std::string& file = "-") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Replayed replayed;
  replayed.start = std::chrono::steady_clock::now();
  replayed.result = run(pub(broker.port(), {"--replay", file}).add(words), records);
  check_exit(replayed.result, code);
  replayed.messages = broker.received(PacketType::publish);
  return replayed;
}

const std::string three = record("01", "a", R"("payload":"1")") +
                          record("01.3", "a/b", R"("payload":"2")") +
                          record("01.9", "c", R"("payload_base64":"AP8=")");

}  // namespace

TEST_CASE("records are published at once, from a pipe or a file") {
  const TemporaryDirectory directory;
  const auto minute = record("00", "a", R"("payload":"1")") +
                      record("30", "a/b", R"("payload":"2")") +
                      record("59", "c", R"("payload_base64":"AP8=")");
  const auto file = directory.write("records", minute);
  for (const bool piped : {true, false}) {
    const auto [result, messages, start] = piped ? replay(minute, {}, 0) : replay("", {}, 0, file);
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].topic() == "a");
    CHECK(messages[1].topic() == "a/b");
    CHECK(messages[2].payload() == std::string("\0\xff", 2));
    CHECK(messages[2].time - messages[0].time < patience);
  }
}

TEST_CASE("records keep their pauses at the speed that was asked for") {
  if (!shortened_waits()) return skip("Paho alone sends late");
  struct Case {
    const char* speed;
    milliseconds first;
    milliseconds second;
  };
  for (const auto& [speed, first, second] : {Case{"1", 300ms, 600ms}, Case{"3", 100ms, 200ms}}) {
    CAPTURE(speed);
    const auto [result, messages, start] = replay(three, {"--speed", speed}, 0);
    REQUIRE(messages.size() == 3);
    // Of the first nobody knows when it was sent, only that it was not before the start.
    CHECK(messages[1].time - start > first - 10ms);
    CHECK(messages[2].time - start > first + second - 10ms);
    CHECK(messages[2].time - messages[0].time < first + second + within(500ms));
  }
}

TEST_CASE("a prefix stands before the topic of each record") {
  const auto messages = replay(three, {"--topic-prefix", "copy/of/"}, 0).messages;
  REQUIRE(messages.size() == 3);
  CHECK(messages[0].topic() == "copy/of/a");
  CHECK(messages[2].topic() == "copy/of/c");
  CHECK(replay(three, {"--topic-prefix", "#/"}, 2).messages.empty());
}

TEST_CASE("a broken record ends the replay with its number, or is skipped and counted") {
  const std::string broken = three + "{\"topic\":\"x\"\n" + record("02", "d", R"("payload":"4")") +
                             record("03", "+", R"("payload":"5")") +
                             record("04", "e", R"("payload":"6")");
  const auto stopped = replay(broken, {}, 2);
  CHECK(stopped.messages.size() == 3);
  CHECK(stopped.result.err.find("record 4 (line 4)") != std::string::npos);
  CHECK(stopped.result.err.find("3 messages were acknowledged") != std::string::npos);

  const auto skipped = replay(broken, {"--skip-bad-lines"}, 0);
  REQUIRE(skipped.messages.size() == 5);
  CHECK(skipped.messages[3].topic() == "d");
  CHECK(skipped.messages[4].topic() == "e");
  CHECK(skipped.result.err.find('2') != std::string::npos);
  CHECK(skipped.result.err.find("skipped") != std::string::npos);
}

TEST_CASE("retain flags of records are told and dropped unless they are to be kept") {
  const std::string text = R"({"topic":"a","qos":0,"retain":true,"payload":"1"})"
                           "\n"
                           R"({"topic":"b","qos":2,"retain":false,"payload":"2"})"
                           "\n";
  const auto dropped = replay(text, {}, 0);
  REQUIRE(dropped.messages.size() == 2);
  CHECK_FALSE(dropped.messages[0].retained());
  CHECK(dropped.messages[0].qos() == 0);
  CHECK(dropped.messages[1].qos() == 2);
  CHECK(dropped.result.err.find("--keep-retain") != std::string::npos);
  const auto whole = replay(text, {"--keep-retain"}, 0);
  REQUIRE(whole.messages.size() == 2);
  CHECK(whole.messages[0].retained());
  CHECK_FALSE(whole.messages[1].retained());
  CHECK(whole.result.err.empty());
}

TEST_CASE("it is told that properties of records are left out where the broker knows none") {
  Broker broker;
  const std::string record =
      R"({"topic":"t","payload":"x","properties":{"user-properties":[{"k":"v"}]}})";
  const std::string words = "messages go without theirs";
  const auto old = run(broker.pub({"--replay", "-", "-V", "3.1.1"}).input(record + "\n" + record));
  check_exit(old, 0);
  const auto at = old.err.find(words);
  REQUIRE(at != std::string::npos);
  CHECK(old.err.find(words, at + 1) == std::string::npos);
  CHECK(run(broker.pub({"--replay", "-"}).input(record)).err.empty());
}

TEST_CASE("an expiry beyond what can be sent becomes the longest that can") {
  const auto expiry_of = [](const std::string& number) {
    const auto messages = replay(record("01", "a",
                                        R"("properties":{"message-expiry-interval":)" + number +
                                            R"(},"payload":"1")"),
                                 {}, 0)
                              .messages;
    REQUIRE(messages.size() == 1);
    return messages[0].properties();
  };
  CHECK(expiry_of("600") == std::string("\x02\0\0\x02\x58", 5));
  CHECK(expiry_of("2147483647") == "\x02\x7f\xff\xff\xff");
  CHECK(expiry_of("2147483648") == "\x02\x7f\xff\xff\xff");
  CHECK(expiry_of("4294967295") == "\x02\x7f\xff\xff\xff");
}

TEST_CASE("a record whose properties brokers close the connection for is refused") {
  Broker broker;
  for (const auto* property :
       {R"("content-type":"a\u0001")", R"("user-properties":[{"k":"\u0085"}])",
        R"("response-topic":"a/+")"}) {
    CAPTURE(property);
    const auto result = run(
        broker.pub({"--replay", "-"}),
        record("01", "a", R"("payload":"1")") +
            record("02", "a", R"("properties":{)" + std::string{property} + R"(},"payload":"2")"));
    check_exit(result, 2);
    CHECK(result.err.find("record 2 (line 2)") != std::string::npos);
    CHECK(result.err.find("1 message was acknowledged") != std::string::npos);
  }
}

TEST_CASE("what mosquitto_sub recorded can be replayed") {
  Broker broker;
  Process other{broker
                    .command("/usr/bin/mosquitto_sub",
                             {"-V", "5", "-t", "m/#", "-q", "2", "-C", "2", "-F", "%j"})
                    .environment("TZ", "UTC-05:45")};
  REQUIRE(broker.wait_for_subscription("m/#"));
  check_exit(run(broker.pub({"m/1", "--raw", "{\"a\": \"é\\n\"}", "-q", "2", "-D", "publish",
                             "user-property", "k", "v"})),
             0);
  check_exit(run(broker.pub({"m/2", "-n"})), 0);
  const auto [result, messages, start] = replay(other.wait().out, {}, 0);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].topic() == "m/1");
  CHECK(messages[0].payload() == "{\"a\": \"é\\n\"}");
  CHECK(messages[0].qos() == 2);
  CHECK(messages[0].properties() == "\x26" + encode_text("k") + encode_text("v"));
  CHECK(messages[1].payload().empty());
}

TEST_CASE("records whose payload is a value can be replayed") {
  Broker broker;
  Process recorder{broker.sub({"v/#", "-C", "4", "-F", "%J"})};
  REQUIRE(broker.wait_for_subscription("v/#"));
  for (const auto* payload : {"on", "\"on\"", "{\"a\": [1.0, null]}", "-1"}) {
    check_exit(run(broker.pub({"v/1", "--raw", "-m", payload})), 0);
  }
  const auto [result, messages, start] = replay(recorder.wait().out, {}, 0);
  REQUIRE(messages.size() == 4);
  CHECK(messages[0].payload() == "on");
  CHECK(messages[1].payload() == "\"on\"");
  CHECK(messages[2].payload() == "{\"a\":[1.0,null]}");
  CHECK(messages[3].payload() == "-1");
}

TEST_CASE("a record with half of a surrogate pair is refused and its line is named") {
  const TemporaryDirectory directory;  // A file is read before connecting, unlike a pipe.
  const auto file = directory.write("records", record("01", "a", R"("payload":"\ud800")"));
  const auto result = run(pub(1, {"--replay", file}));
  check_exit(result, 2);
  CHECK(result.err.find("record 1 (line 1): payload has half of a surrogate pair") !=
        std::string::npos);
}

TEST_CASE("a byte order mark at the beginning of a file is no part of what it says") {
  const std::string mark = "\xEF\xBB\xBF";
  const TemporaryDirectory directory;
  const auto published = [](std::initializer_list<std::string> words) {
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    check_exit(run(pub(broker.port(), words)), 0);
    return broker.received(PacketType::publish).at(0);
  };
  const auto records =
      directory.write("records", mark + "{\"topic\":\"a\",\"qos\":1,\"payload\":\"x\"}\n");
  CHECK(published({"--replay", records}).payload() == "x");
  const auto lines = directory.write("lines", mark + "a/b\tx\n");
  const auto message = published({"-l", "-f", lines, "--topic-from-line", "--raw"});
  CHECK(message.topic() == "a/b");
  CHECK(message.payload() == "x");
  const auto json = directory.write("json", mark + "{\"a\":1}");
  CHECK(published({"t", "--json", "-f", json}).payload().starts_with(R"({"msg":{"a":1},)"));
  CHECK(published({"t", "--json", "--raw", "-f", json}).payload() == "{\"a\":1}");
  const auto password = directory.write("password", mark + "secret\n");
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(pub(broker.port(), {"t", "x", "-u", "me", "--password-file", password})), 0);
  CHECK(broker.received(PacketType::connect).at(0).body.ends_with(encode_text("secret")));
}
