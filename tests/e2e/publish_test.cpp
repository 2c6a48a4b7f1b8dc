// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <regex>

using namespace mqtt_tools::support;

namespace {

struct Case {
  const char* name;
  std::vector<std::string> words;
  std::string expected;  ///< The payload.
  std::optional<std::string> input{};
};

/// What the envelope must be with the time that all cases ask for.
std::string envelope(const std::string& message) {
  return R"({"msg":)" + message + R"(,"data":"T%"})";
}

const std::vector<Case>& cases() {
  static const TemporaryDirectory directory;
  static const auto file = directory.write("file", "from a file\n");
  static const std::vector<Case> cases{
      {"two words", {"t", "hi"}, envelope(R"("hi")")},
      {"-t and -m", {"-t", "t", "-m", "hi"}, envelope(R"("hi")")},
      {"-t and a word", {"-t", "t", "hi"}, envelope(R"("hi")")},
      {"a word and -m", {"t", "-m", "hi"}, envelope(R"("hi")")},
      {"a message like an option", {"t", "-m", "-x"}, envelope(R"("-x")")},
      {"a negative number", {"t", "-5"}, envelope(R"("-5")")},
      {"an empty message", {"t", ""}, envelope(R"("")")},
      {"text beyond ASCII", {"t", "MQTT信息发布! é 😀"}, envelope(R"("MQTT信息发布! é 😀")")},
      {"what JSON escapes", {"t", "\"\\/\n\x01"}, envelope(R"("\"\\/\n\u0001")")},
      {"-f", {"t", "-f", file}, envelope(R"("from a file")")},
      {"-s", {"t", "-s"}, envelope(R"("a\nb")"), "a\nb\n"},
      {"-s of nothing", {"t", "-s"}, envelope(R"("")"), ""},
      {"a pipe without -s", {"t"}, envelope(R"("piped")"), "piped\n"},
      {"only one newline is dropped", {"t", "-s"}, envelope(R"("a\n")"), "a\n\n"},
      {"--raw", {"t", "hi", "--raw"}, "hi"},
      {"--raw keeps the newline", {"t", "-s", "--raw"}, "hi\n", "hi\n"},
      {"--json",
       {"t", "--json", R"({"b": [1, 2.50], "a": "\u00e9"})"},
       envelope(R"({"b":[1,2.50],"a":"é"})")},
      {"--json --raw", {"t", "--json", "--raw", R"({"b": 1})"}, R"({"b": 1})"},
      {"--field",
       {"t", "hi", "--field", "k=v=w", "--field", "n:=[1,2]"},
       R"({"msg":"hi","data":"T%","k":"v=w","n":[1,2]})"},
      {"keys", {"t", "hi", "--message-key", "m", "--time-key", "d"}, R"({"m":"hi","d":"T%"})"},
      {"--from hex", {"t", "--raw", "--from", "hex", "68692e"}, "hi."},
  };
  return cases;
}

}  // namespace

TEST_CASE("a message is published as it was given, in its envelope") {
  for (const auto& [name, words, expected, input] : cases()) {
    CAPTURE(name);
    ScriptBroker script{[](Session& session) { session.serve(); }};
    auto command = pub(script.port(), {});
    for (const auto& word : words) command.add({word});
    // Refused where there is no time to form.
    if (expected.find("T%") != std::string::npos) command.add({"--time-format", "T%%"});
    if (input) command.input(*input);
    check_exit(run(command), 0);
    const auto messages = script.received(PacketType::publish);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].topic() == "t");
    CHECK(messages[0].payload() == expected);
    CHECK(messages[0].qos() == 1);
    CHECK_FALSE(messages[0].retained());
  }
}

TEST_CASE("the time in the envelope is local, to the second, unless told otherwise") {
  Broker broker;
  Witness witness{broker, 3};
  const auto publish = [&](std::initializer_list<std::string> words) {
    auto command = broker.pub({"t", "hi"}).add(words).environment("TZ", "UTC-05:30");
    check_exit(run(command), 0);
  };
  const auto before = std::time(nullptr);
  publish({});
  publish({"--utc", "--time-format", "iso"});
  publish({"--time-format", "unix"});
  const auto lines = witness.out();
  const auto after = std::time(nullptr);

  const std::string begin = R"(\{"msg":"hi","data":)";
  const std::regex pattern{begin + R"x("(\d{4}-\d\d-\d\d \d\d-\d\d-\d\d)"\}\n)x" + begin +
                           R"x("\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\}\n)x" + begin +
                           R"x("(\d+)"\}\n)x"};
  std::smatch match;
  REQUIRE(std::regex_match(lines, match, pattern));
  const auto unix_time = std::stol(match[2]);
  CHECK(unix_time >= before);
  CHECK(unix_time <= after);
  std::tm local{};
  REQUIRE(strptime(match[1].str().c_str(), "%Y-%m-%d %H-%M-%S", &local) != nullptr);
  const auto as_utc = timegm(&local) - (5 * 60 + 30) * 60;
  CHECK(as_utc >= before);
  CHECK(as_utc <= after);
}

TEST_CASE("each line is a message") {
  Broker broker;
  Witness witness{broker, 4, "[%p]"};
  check_exit(run(broker.pub({"t", "-l", "--raw"}), "a\r\n\nb c\nlast"), 0);
  CHECK(witness.out() == "[a]\n[]\n[b c]\n[last]\n");
}

TEST_CASE("lines of a file, and lines with their topic, are published") {
  Broker broker;
  const TemporaryDirectory directory;
  const auto file = directory.write("lines", "1\n2\n");
  Witness witness{broker, 4, "%t=%p", {"-t", "u/v"}};
  check_exit(run(broker.pub({"t", "-l", "-f", file, "--raw"})), 0);
  check_exit(run(broker.pub({"-l", "--topic-from-line", "--raw"}), "u/v\tx\ty\nt\tz\n"), 0);
  CHECK(witness.out() == "t=1\nt=2\nu/v=x\ty\nt=z\n");
}

TEST_CASE("no lines are no messages, and no failure") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(pub(broker.port(), {"t", "-l"}), ""), 0);
  CHECK(broker.received(PacketType::publish).empty());
}

TEST_CASE("QoS and retain are as asked, and the leave is orderly") {
  for (const auto& version : {"3.1.1", "5"}) {
    for (const auto& qos : {"0", "1", "2"}) {
      ScriptBroker broker{[](Session& session) { session.serve(); }};
      check_exit(run(pub(broker.port(), {"t", "hi", "-r", "-V", version, "-q", qos})), 0);
      REQUIRE(broker.wait_for(PacketType::disconnect));
      const auto message = broker.received(PacketType::publish).at(0);
      CHECK(std::to_string(message.qos()) == qos);
      CHECK(message.retained());
    }
  }
}

TEST_CASE("a retained message can be cleared") {
  Broker broker;
  check_exit(run(broker.pub({"t", "kept", "-r", "--raw"})), 0);
  check_exit(run(broker.pub({"t", "--clear-retained"})), 0);
  check_exit(run(broker.pub({"t", "live", "--raw", "-r"})), 0);
  Witness witness{broker, 1, "%r %p"};
  CHECK(witness.out() == "1 live\n");

  ScriptBroker script{[](Session& session) { session.serve(); }};
  check_exit(run(pub(script.port(), {"t", "--clear-retained"})), 0);
  check_exit(run(pub(script.port(), {"t", "-n"})), 0);
  const auto messages = script.received(PacketType::publish);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].retained());
  CHECK(messages[0].payload().empty());
  CHECK_FALSE(messages[1].retained());
  CHECK(messages[1].payload().empty());
}

TEST_CASE("no more messages are in flight than the window and the broker allow") {
  struct Limit {
    const char* window;
    int receive_maximum;
    std::size_t expected;
  };
  for (const auto& limit : {Limit{"5", 20, 5}, Limit{"50", 3, 3}, Limit{"1", 20, 1}}) {
    ScriptBroker broker{[&](Session& session) {
      session.expect(PacketType::connect);
      session.connack(0, "\x21" + encode_number(limit.receive_maximum));
      session.stay_silent();
    }};
    Process process{pub(broker.port(), {"t", "-l", "--window", limit.window}).open_input()};
    process.write(sequence(1, 500));
    REQUIRE(broker.wait_for(PacketType::publish, limit.expected));
    process.signal(SIGINT);
    check_exit(process.wait(), 130);
    REQUIRE(broker.wait_for_end());
    CHECK(broker.received(PacketType::publish).size() == limit.expected);
  }
}
