// SPDX-License-Identifier: MIT
//
// A password is seen by the broker, and by nobody else.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

const std::string secret = "pa55-Geheim";

/// The ways of giving it to a program, with the port to connect to.
struct Way {
  const char* name;
  std::function<void(Command&, int port)> give;
};

Command& at(Command& command, int port) {
  return command.add({"-h", "127.0.0.1", "-p", std::to_string(port)});
}

std::vector<Way> ways(const TemporaryDirectory& directory) {
  const auto file = directory.write("password", secret + "\n");
  return {
      {"-P",
       [](auto& command, int port) {
         at(command, port).add({"-u", "me", "-P", secret});
       }},
      {"--password=",
       [](auto& command, int port) {
         at(command, port).add({"-u", "me", "--password=" + secret});
       }},
      {"--password-file",
       [file](auto& command, int port) {
         at(command, port).add({"-u", "me", "--password-file", file});
       }},
      {"-L",
       [](auto& command, int port) {
         command.add({"-L", "mqtt://me:" + secret + "@127.0.0.1:" + std::to_string(port)});
       }},
      {"MQTT_PASSWORD", [](auto& command, int port) {
         at(command, port).environment("MQTT_USERNAME", "me").environment("MQTT_PASSWORD", secret);
       }}};
}

Command with(const Way& way, Command command, int port) {
  way.give(command, port);
  return command;
}

void says_nothing(const Result& result) {
  CHECK(result.out.find(secret) == std::string::npos);
  CHECK(result.err.find(secret) == std::string::npos);
}

}  // namespace

TEST_CASE("a password reaches the broker, and is in no process list and no message") {
  const TemporaryDirectory directory;
  for (const auto& way : ways(directory)) {
    CAPTURE(way.name);
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    Process process{with(way, Command{"mqtt-sub", "t", "--debug", "--on-ready", "echo subscribed"},
                         broker.port())};
    REQUIRE(process.wait_for_err("subscribed"));
    const auto connect = broker.received(PacketType::connect).at(0);
    CHECK(connect.body.find(secret) != std::string::npos);
    CHECK(process.command_line().find(secret) == std::string::npos);
    CHECK(process.command_line().find("mqtt-sub") != std::string::npos);
    const auto shown = run({"ps", "ww", "-o", "args", "-p", std::to_string(process.pid())});
    CHECK(shown.out.find("mqtt-sub") != std::string::npos);
    says_nothing(shown);
    process.signal(2);
    says_nothing(process.wait());
  }
}

TEST_CASE("a password is in no error message") {
  const TemporaryDirectory directory;
  for (const auto& way : ways(directory)) {
    CAPTURE(way.name);
    ScriptBroker refusing{[](Session& session) {
      session.expect(PacketType::connect);
      session.connack(0x86);
    }};
    const auto dead = closed_port();
    const auto try_with = [&](int port, int code, std::initializer_list<std::string> words) {
      auto command = Command{"mqtt-pub", "t", "hi"};
      const auto result = run(with(way, command.add(words), port));
      check_exit(result, code);
      says_nothing(result);
    };
    try_with(refusing.port(), 4, {});
    try_with(refusing.port(), 4, {"--debug", "-v"});
    try_with(dead, 3, {"--debug"});
    try_with(dead, 2, {"--nonsense"});
    try_with(dead, 2, {"-q", "9"});
  }
}

TEST_CASE("what looks like a misspelt password option is not repeated") {
  for (const auto& command :
       {Command{"mqtt-pub", "t", "hi", "--pasword", secret},
        Command{"mqtt-pub", "t", "hi", "--pasword=" + secret},
        Command{"mqtt-pub", "t", "hi", "-L", "mqtt://me:" + secret + "@[bad"},
        Command{"mqtt-pub", "t", "hi", "-L", "nonsense://me:" + secret + "@host"}}) {
    const auto result = run(command);
    check_exit(result, 2);
    says_nothing(result);
  }
}

TEST_CASE("the first line of stdin may be the password, and the rest is the message") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const auto command = pub(broker.port(), {"t", "-u", "me", "--password-file", "-", "-l", "--raw"});
  check_exit(run(command, secret + "\none\ntwo\n"), 0);
  CHECK(broker.received(PacketType::connect).at(0).body.ends_with(encode_text(secret)));
  const auto messages = broker.received(PacketType::publish);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].payload() == "one");
  CHECK(messages[1].payload() == "two");
}

TEST_CASE("a password may be any bytes, and a user name may not") {
  const std::string bytes = "\xff\x01\xc0";
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(pub(broker.port(), {"t", "hi", "-u", "me", "-P", bytes})), 0);
  CHECK(broker.received(PacketType::connect).at(0).body.ends_with(encode_text(bytes)));
  for (const std::string option : {"-u", "-i", "-I", "--will-topic"}) {
    for (const std::string& word : {bytes, std::string{"a\x01"}, std::string{"\xEF\xBF\xBF"}}) {
      CAPTURE(option, word);
      check_exit(run(pub(broker.port(), {"t", "hi", option, word})), 2);
    }
  }
  CHECK(broker.received(PacketType::connect).size() == 1);
}

TEST_CASE("the settings are printed without the password") {
  const TemporaryDirectory directory;
  for (const auto& way : ways(directory)) {
    CAPTURE(way.name);
    const auto result = run(with(way, Command{"mqtt-sub", "t", "--print-config"}, 1883));
    check_exit(result, 0);
    says_nothing(result);
  }
}
