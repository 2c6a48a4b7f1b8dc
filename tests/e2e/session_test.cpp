// SPDX-License-Identifier: MIT
//
// What a program says of itself when it connects, and where it has that from.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <filesystem>

using namespace mqtt_tools::support;

namespace {

constexpr int clean = 2;  // MQTT 5.0 §3.1.2.4

/// The CONNECT of a subscriber that leaves once it is subscribed.
Packet connect_of(const std::vector<std::string>& words) {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(sub(broker.port(), {"t", "-E"}).add(words)), 0);
  return broker.received(PacketType::connect).at(0);
}

std::string expiry(int seconds) {
  std::string text = encode_byte(0x11);  // MQTT 5.0 §3.1.2.11.2
  for (const int shift : {24, 16, 8, 0}) text += encode_byte((seconds >> shift) & 0xFF);
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("without options a program has an id of its own, a clean session and pings after 30 s") {
  const auto one = connect_of({});
  const auto two = connect_of({});
  CHECK(one.connect_level() == 5);
  CHECK(one.client_id() != two.client_id());
  CHECK(one.client_id().size() <= 23);
  CHECK_FALSE(one.client_id().empty());
  CHECK(one.keep_alive() == 30);
  CHECK((one.connect_flags() & clean) != 0);
  CHECK_FALSE(contains(one.properties(), encode_byte(0x11)));
}

TEST_CASE("id, prefix of the id, and keep-alive are as asked") {
  for (const std::string option : {"-i", "--client-id", "--id"}) {
    CHECK(connect_of({option, "my id"}).client_id() == "my id");
  }
  for (const std::string option : {"-I", "--id-prefix"}) {
    const auto one = connect_of({option, "pre-"}).client_id();
    CHECK(one.find("pre-") == 0);
    CHECK(one.size() > 4);
    CHECK(one != connect_of({option, "pre-"}).client_id());
  }
  CHECK(connect_of({"-k", "7"}).keep_alive() == 7);
  CHECK(connect_of({"--keepalive", "0"}).keep_alive() == 0);
}

TEST_CASE("a session is kept for ever, or for as long as was asked") {
  const auto kept = connect_of({"-c", "-i", "connection"});
  CHECK((kept.connect_flags() & clean) == 0);
  CHECK(contains(kept.properties(), expiry(0x7FFFFFFF)));
  const auto limited = connect_of({"--no-clean", "-i", "connection", "--session-expiry", "60"});
  CHECK((limited.connect_flags() & clean) == 0);
  CHECK(contains(limited.properties(), expiry(60)));
  const auto fresh = connect_of({"-x", "60"});
  CHECK((fresh.connect_flags() & clean) != 0);
  CHECK(contains(fresh.properties(), expiry(60)));
  CHECK((connect_of({"-c", "-i", "connection", "-V", "3.1.1"}).connect_flags() & clean) == 0);
}

TEST_CASE("what came while a program with a kept session was away is there when it is back") {
  for (const std::string version : {"5", "3.1.1"}) {
    Broker broker;
    check_exit(run(broker.sub({"t", "-c", "-i", "connection", "-E", "-V", version})), 0);
    check_exit(run(broker.pub({"t", "--raw", "meanwhile"})), 0);
    const auto result =
        run(broker.sub({"t", "-c", "-i", "connection", "-C", "1", "-W", "10", "-V", version}));
    check_exit(result, 0);
    CHECK(result.out == "meanwhile\n");
  }
}

TEST_CASE("a password may be typed, and is not shown") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  std::size_t connections = 0;
  for (const std::string option : {"--ask-password", "--password-file=-"}) {
    Process process{Command::shell("stty echo; exec mqtt-sub t -u me --debug " + option +
                                   " -h 127.0.0.1 -p " + broker.port_text())
                        .terminal_input()
                        .terminal_errors()};
    const bool asked = process.wait_for_err("assword");
    INFO(process.err());
    REQUIRE(asked);
    CHECK(broker.connections() == static_cast<int>(connections));
    process.write("pa55-Geheim\n");
    REQUIRE(broker.wait_for(PacketType::subscribe, ++connections));
    CHECK(broker.received(PacketType::connect).back().body.ends_with(encode_text("pa55-Geheim")));
    process.signal(2);
    const auto result = process.wait();
    CHECK_FALSE(contains(result.out + result.err, "pa55-Geheim"));
  }
}

namespace {

/// mqtt-sub that asks for a password, in a shell with jobs on a terminal that shows what is typed;
/// once it is stopped, the shell goes on with `rest`.
Command asking_in_shell(const ScriptBroker& broker, const std::string& rest) {
  const auto line = "set -m; stty echo; mqtt-sub t -u me --ask-password -h 127.0.0.1 -p " +
                    broker.port_text() + "; stty -a; stty echo; " + rest;
  return Command{"bash", "-c", line}.terminal_input().terminal_output().terminal_errors();
}

}  // namespace

TEST_CASE("a password is not shown either when the question was stopped and goes on") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Process shell{asking_in_shell(broker, "fg; echo code $?")};
  REQUIRE(shell.wait_for_out("Password: "));
  shell.write("\x1a");
  REQUIRE(shell.wait_for_out("Password: ", patience, 2));
  CHECK(contains(shell.out(), " echo "));  // For the shell, while it has the terminal.
  shell.write("pa55-Geheim\n");
  REQUIRE(broker.wait_for(PacketType::subscribe));
  CHECK(broker.received(PacketType::connect).at(0).body.ends_with(encode_text("pa55-Geheim")));
  shell.write("\x03");
  CHECK_FALSE(contains(shell.wait().out, "Geheim"));
}

TEST_CASE("a password is asked for in the foreground as if it had begun there") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  // As a shell has its terminal while a line is typed into it.
  const auto line =
      "set -m; stty -icrnl -icanon -echo; mqtt-sub t -u me --ask-password -h 127.0.0.1 -p " +
      broker.port_text() +
      " & until jobs | grep -q Stopped; do sleep 0.01; done; stty icrnl icanon echo; fg";
  Process shell{Command{"bash", "-c", line}.terminal_input().terminal_output().terminal_errors()};
  REQUIRE(shell.wait_for_out("Password: "));
  shell.write("pa55-Geheim\r");
  REQUIRE(broker.wait_for(PacketType::subscribe));
  CHECK(broker.received(PacketType::connect).at(0).body.ends_with(encode_text("pa55-Geheim")));
  shell.write("\x03");
  CHECK(shell.wait().ended);
}

TEST_CASE("a question that was stopped ends in the background by a signal") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Process shell{asking_in_shell(
      broker, "p=$(jobs -p); kill %1; while kill -0 $p 2>&-; do sleep 0.01; done; echo gone")};
  REQUIRE(shell.wait_for_out("Password: "));
  shell.write("\x1a");
  const auto result = shell.wait();
  CHECK(contains(result.out, "gone\n"));
  CHECK(broker.connections() == 0);
}

TEST_CASE("a configuration file and a profile are used, and the command line wins") {
  Broker by_file;
  Broker by_profile;
  Broker by_word;
  const TemporaryDirectory home;
  std::filesystem::create_directory(home.path() / "mqtt-tools");
  home.write("mqtt-tools/config.toml",
             "host = [\"127.0.0.1\"]\nport = " + by_file.port_text() + "\n");
  home.write("mqtt-tools/shed.toml", "port = " + by_profile.port_text() + "\n");
  const auto named = home.write(
      "other.toml", "host = [\"127.0.0.1:" + by_word.port_text() + "\"]\nnonsense = 1\n");
  const auto publish = [&](std::initializer_list<std::string> words) {
    auto command = Command{"mqtt-pub", "t", "hi"}.add(words);
    return run(command.environment("XDG_CONFIG_HOME", home.path().string()));
  };
  check_exit(publish({}), 0);
  CHECK(by_file.wait_for_log("New client connected"));
  check_exit(publish({"--profile", "shed"}), 0);
  CHECK(by_profile.wait_for_log("New client connected"));
  check_exit(publish({"--profile", "shed", "-p", by_word.port_text()}), 0);
  CHECK(by_word.wait_for_log("New client connected"));

  const auto wrong = publish({"--config", named});
  check_exit_within(wrong, 2, 1s);
  CHECK(contains(wrong.err, named));
  CHECK(contains(wrong.err, "2"));
  CHECK(contains(wrong.err, "nonsense"));
  const auto none = publish({"--no-config", "--print-config"});
  check_exit(none, 0);
  CHECK_FALSE(contains(none.out, by_file.port_text()));
  const auto shown = publish({"--profile", "shed", "--print-config"});
  check_exit(shown, 0);
  CHECK(contains(shown.out, "port = " + by_profile.port_text()));
  CHECK(contains(shown.out, "shed.toml"));
}
