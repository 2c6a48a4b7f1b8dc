// SPDX-License-Identifier: MIT
//
// SIGINT, SIGTERM and SIGHUP end either tool from any state within a second.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"
#include "support/system.hpp"

#include <signal.h>

using namespace mqtt_tools::support;

namespace {

void silent_from_the_start(Session& session) { session.stay_silent(); }

void never_acknowledges(Session& session) {
  session.accept();
  session.stay_silent();
}

/// `line`, understood by bash on a terminal of its own.
Command on_terminal(const std::string& line) {
  return Command{"bash", "-c", line}.terminal_input().terminal_output().terminal_errors();
}

/// Signals `process`, and checks that it ends by that signal, `code` - 128, within a second.
void ends(Process& process, int signal = SIGINT, int code = 130) {
  REQUIRE(process.running());
  process.signal(signal);
  const auto asked = std::chrono::steady_clock::now();
  const auto result = process.wait(within(1s));
  check_exit(result, code);
  CHECK(std::chrono::steady_clock::now() - asked <= within(1s));
  CHECK(result.out.empty());
}

}  // namespace

TEST_CASE("a signal ends a run that nobody answers") {
  for (const auto& [signal, code] : {std::pair{SIGHUP, 129}, {SIGINT, 130}, {SIGTERM, 143}}) {
    CAPTURE(signal);
    const BlackHole hole;
    Process lost{pub(hole.port(), {"t", "hi"})};
    REQUIRE(eventually(patience, [&] { return hole.has_caller(); }));
    ends(lost, signal, code);

    ScriptBroker silent{silent_from_the_start};
    Process waiting{sub(silent.port(), {"t"})};
    REQUIRE(silent.wait_for(PacketType::connect));
    ends(waiting, signal, code);
  }
}

TEST_CASE("a signal ends a publisher that waits for an acknowledgement, and says how many") {
  for (const auto* qos : {"1", "2"}) {
    ScriptBroker broker{never_acknowledges};
    Process process{pub(broker.port(), {"t", "hi", "-q", qos})};
    REQUIRE(broker.wait_for(PacketType::publish));
    ends(process);
    CHECK(process.err().find('1') != std::string::npos);
    CHECK(broker.wait_for(PacketType::disconnect));
  }
}

TEST_CASE("a signal ends a publisher whose input is idle") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Process process{pub(broker.port(), {"t", "-l"}).open_input()};
  process.write("one\n");
  REQUIRE(broker.wait_for(PacketType::publish));
  ends(process);
  CHECK(broker.wait_for(PacketType::disconnect));
}

TEST_CASE("a signal ends a subscriber without a subscription, and one that tails a silent topic") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.stay_silent();
  }};
  Process unanswered{sub(broker.port(), {"t"})};
  REQUIRE(broker.wait_for(PacketType::subscribe));
  ends(unanswered);

  ScriptBroker good{[](Session& session) { session.serve(); }};
  Process tailing{sub(good.port(), {"t", "--on-ready", "echo subscribed"})};
  REQUIRE(tailing.wait_for_err("subscribed"));
  ends(tailing, SIGTERM, 143);
  CHECK(good.wait_for(PacketType::disconnect));
}

TEST_CASE("a signal ends a subscriber under a flood") {
  Broker broker;
  Process process{broker.sub({"t"})};
  REQUIRE(broker.wait_for_subscription("t"));
  Process flood{Command::shell("yes | /usr/bin/mosquitto_pub -h 127.0.0.1 -p " +
                               broker.port_text() + " -t t -l -q 0")};
  REQUIRE(process.wait_for_out("y\ny\ny\n"));
  process.signal(SIGINT);
  const auto result = process.wait(within(1s));
  check_exit(result, 130);
  CHECK(result.out.ends_with("y\n"));
}

TEST_CASE("a signal ends a run between two attempts to connect") {
  ScriptBroker busy{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0x89);
  }};
  Process process{pub(busy.port(), {"t", "hi", "--wait", "60"})};
  // The second attempt follows at once, the third after a second.
  REQUIRE(busy.wait_for_end(2));
  ends(process);
}

TEST_CASE("a hang-up that was ignored at the start stays ignored") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Process process{sub(broker.port(), {"t", "--on-ready", "echo subscribed"}).ignoring(SIGHUP)};
  REQUIRE(process.wait_for_err("subscribed"));
  process.signal(SIGHUP);
  CHECK_FALSE(process.wait(300ms).ended);
  ends(process, SIGTERM, 143);
}

TEST_CASE("Ctrl-C ends a loop of the shell around a program") {
  for (const std::string program : {"mqtt-sub t", "mqtt-pub t -l"}) {
    CAPTURE(program);
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    const auto port = broker.port_text();
    Process shell{on_terminal("while true; do " + program + " -h 127.0.0.1 -p " + port + "; done")};
    REQUIRE(broker.wait_for(PacketType::connect));
    shell.write("\x03");
    check_exit(shell.wait(), 130);
    CHECK(broker.connections() == 1);
  }
}

TEST_CASE("the shell is told of the signal that ended a program") {
  for (const auto& [name, code] : {std::pair{"HUP", "129"}, {"INT", "130"}, {"TERM", "143"}}) {
    CAPTURE(name);
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    const auto place = " -h 127.0.0.1 -p " + broker.port_text();
    // The parent of the command is the program.
    const auto result = run(on_terminal("mqtt-sub t --on-ready 'kill -" + std::string{name} +
                                        " $PPID'" + place + "; echo code $?"));
    CHECK(result.out.find("code " + std::string{code}) != std::string::npos);
  }
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Process shell{on_terminal("trap : INT; mqtt-pub t -l -h 127.0.0.1 -p " + broker.port_text() +
                            "; echo code $?")};
  shell.write("one\n");
  REQUIRE(broker.wait_for(PacketType::publish));
  shell.write("\x03");
  CHECK(shell.wait().out.find("code 130") != std::string::npos);
}

TEST_CASE("a program that was stopped while it asked for the password asks again") {
  for (const std::string program : {"mqtt-sub -E", "mqtt-pub -m hi"}) {
    CAPTURE(program);
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    Process shell{on_terminal("set -m; " + program +
                              " -t t -u joe --ask-password -h 127.0.0.1 -p " + broker.port_text() +
                              "; echo stop\"ped\"; fg; echo code $?")};
    REQUIRE(shell.wait_for_out("Password: "));
    shell.write("\x1a");
    REQUIRE(shell.wait_for_out("stopped"));
    REQUIRE(shell.wait_for_out("Password: ", patience, 2));
    shell.write("s3cret\n");
    const auto result = shell.wait();
    CHECK(result.out.find("code 0") != std::string::npos);
    CHECK(result.out.find("s3cret") == std::string::npos);
    CHECK(broker.received(PacketType::connect).at(0).body.ends_with(encode_text("s3cret")));
  }
}

TEST_CASE("a subscriber that was stopped goes on") {
  Broker broker;
  Process shell{on_terminal("set -m; mqtt-sub t -C 2 -h 127.0.0.1 -p " + broker.port_text() +
                            "; echo stop\"ped\"; fg; echo code $?")};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "--raw", "first"})), 0);
  REQUIRE(shell.wait_for_out("first"));
  shell.write("\x1a");
  REQUIRE(shell.wait_for_out("stopped"));
  check_exit(run(broker.pub({"t", "--raw", "second"})), 0);
  const auto result = shell.wait();
  CHECK(result.out.find("second") != std::string::npos);
  CHECK(result.out.find("code 0") != std::string::npos);
}

TEST_CASE("a subscriber that was stopped for longer than its keep-alive connects again") {
  Broker broker;
  Process shell{on_terminal("set -m; mqtt-sub t -C 2 -k 1 -h 127.0.0.1 -p " + broker.port_text() +
                            "; echo stop\"ped\"; read word; fg; echo code $?")};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "--raw", "first"})), 0);
  REQUIRE(shell.wait_for_out("first"));
  shell.write("\x1a");
  REQUIRE(broker.wait_for_log("exceeded timeout"));
  shell.write("on\n");
  REQUIRE(broker.wait_for_subscription("t", 2));
  check_exit(run(broker.pub({"t", "--raw", "second"})), 0);
  CHECK(shell.wait().out.find("code 0") != std::string::npos);
}

TEST_CASE("a signal ends what --on-ready and --exec have started") {
  const TemporaryDirectory directory;
  // What Ctrl-\ sends does not reach them: they are in process groups of their own.
  for (const auto& [option, signal] : {std::pair<std::string, int>{"--on-ready", SIGTERM},
                                       {"--exec", SIGTERM},
                                       {"--exec", SIGQUIT}}) {
    CAPTURE(option, signal);
    Broker broker;
    const auto file = directory / (option.substr(2) + std::to_string(signal));
    // Tells that it runs, and when it is ended.
    const auto command = "trap 'echo ended >" + file + "; exit' TERM; echo begun >&2; " +
                         "while true; do sleep 0.01; done";
    Process process{broker.sub({"t", option, command})};
    REQUIRE(broker.wait_for_subscription("t"));
    check_exit(run(broker.pub({"t", "x"})), 0);
    REQUIRE(process.wait_for_err("begun"));
    process.signal(signal);
    check_exit(process.wait(), 128 + signal);
    CHECK(eventually(patience, [&] { return read_file(file) == "ended\n"; }));
  }
}

TEST_CASE("a signal during a stream of lines tells how many were sent and acknowledged") {
  const TemporaryDirectory directory;
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::to_string(i) + "\n";
  const auto file = directory.write("lines", lines);
  // With a window of one, each acknowledgement lets the next one out.
  ScriptBroker broker{[](Session& session) {
    session.accept();
    for (int i = 0; i < 5; ++i) session.puback(session.expect(PacketType::publish));
    session.stay_silent();
  }};
  Process stuck{pub(broker.port(), {"t", "-l", "-f", file, "--raw", "--window", "1"})};
  REQUIRE(broker.wait_for(PacketType::publish, 6));
  stuck.signal(SIGINT);
  const auto result = stuck.wait();
  check_exit(result, 130);
  CHECK(result.err.find("6 were sent and 5 acknowledged") != std::string::npos);

  ScriptBroker good{[](Session& session) { session.serve(); }};
  Process idle{pub(good.port(), {"t", "-l"}).open_input()};
  idle.write("1\n2\n");
  REQUIRE(good.wait_for(PacketType::publish, 2));
  REQUIRE(good.wait_for(PacketType::publish, 2));
  idle.signal(SIGTERM);
  const auto told = idle.wait();
  check_exit(told, 143);
  CHECK(told.err == "mqtt-pub: interrupted; of 2 messages read, 2 were sent and 2 acknowledged\n");

  Process typed{pub(good.port(), {"t", "-l"}).terminal_input().terminal_errors()};
  typed.write("3\n");
  REQUIRE(good.wait_for(PacketType::publish, 3));
  typed.write("\x03");
  CHECK(typed.wait().err.find("\nmqtt-pub: interrupted; of 1 message") != std::string::npos);

  Process repeats{pub(good.port(), {"t", "x", "--repeat", "9", "--repeat-delay", "60"})};
  REQUIRE(good.wait_for(PacketType::publish, 4));
  repeats.signal(SIGHUP);
  const auto so_far = repeats.wait();
  check_exit(so_far, 129);
  CHECK(so_far.err.find("1 was sent") != std::string::npos);
}

TEST_CASE("a second signal ends a run at once") {
  ScriptBroker broker{never_acknowledges};
  bool at_once = false;
  // A machine may be so busy that a run has taken its leave before the second signal comes.
  for (std::size_t attempt = 1; !at_once && attempt <= 5; ++attempt) {
    Process process{pub(broker.port(), {"t", "hi"})};
    REQUIRE(broker.wait_for(PacketType::publish, attempt));
    process.signal(SIGINT);
    // Two that come before the first is seen are one. Once it is seen, the next has a handler.
    const auto status = "/proc/" + std::to_string(process.pid()) + "/status";
    REQUIRE(eventually(patience, [&] {
      const auto text = read_file(status);
      const auto caught = std::stoull(text.substr(text.find("SigCgt:") + 7), nullptr, 16);
      return (caught >> (SIGINT - 1) & 1) != 0 || !process.running();
    }));
    process.signal(SIGINT);
    const auto result = process.wait();
    check_exit(result, 130);
    at_once = result.err.empty();  // Whoever takes leave says what was not acknowledged.
  }
  CHECK(at_once);
}
