// SPDX-License-Identifier: MIT
//
// mqtt-pub --wrap: a command runs as it would alone, and the broker hears of its begin and end.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <algorithm>
#include <filesystem>
#include <regex>
#include <string>

using namespace mqtt_tools::support;

namespace {

/// `line` for sh, wrapped, against the broker on this port.
Command wrap(int port, const std::string& line, std::initializer_list<std::string> words = {}) {
  return pub(port, {"job"}).add(words).add({"--wrap", "--", "sh", "-c", line});
}

/// The payloads that came, without their times.
std::vector<std::string> told(const ScriptBroker& broker) {
  std::vector<std::string> all;
  for (const auto& message : broker.received(PacketType::publish)) {
    CHECK(message.topic() == "job");
    CHECK(message.retained());
    const std::regex time{R"re(,"data":"[-0-9 ]*")re"};
    const std::regex seconds{R"re("seconds":\d+\.\d{3})re"};
    all.push_back(std::regex_replace(std::regex_replace(message.payload(), time, ""), seconds,
                                     "\"seconds\":S"));
  }
  return all;
}

const std::string started = R"({"msg":"started","command":"sh"})";

void serve(Session& session) { session.serve(); }

using Payloads = std::vector<std::string>;

}  // namespace

TEST_CASE("the begin and the end of a command are published") {
  ScriptBroker broker{serve};
  const auto result = run(wrap(broker.port(), "cat; echo error >&2; exit 7").input("in\n"));
  check_exit(result, 7);
  CHECK(result.out == "in\n");
  CHECK(result.err == "error\n");
  CHECK(told(broker) ==
        Payloads{started, R"({"msg":"failed","command":"sh","code":7,"seconds":S})"});
  // It ended in order: no will.
  CHECK(broker.wait_for(PacketType::disconnect));
  const auto connect = broker.received(PacketType::connect).at(0).body;
  CHECK(connect.find(R"({"msg":"lost","command":"sh"})") != std::string::npos);

  check_exit(run(wrap(broker.port(), "exit 0", {"--field", "n:=1", "-q", "2"})), 0);
  CHECK(told(broker).back() == R"({"msg":"succeeded","command":"sh","code":0,"seconds":S,"n":1})");
  check_exit(run(wrap(broker.port(), "exit 0", {"--raw"})), 0);
  CHECK(told(broker).back() == R"({"msg":"succeeded","command":"sh","code":0,"seconds":S})");
}

TEST_CASE("the code of a command is that of the run, whatever it is") {
  ScriptBroker broker{serve};
  for (int code = 1; code < 256; code += code < 120 || code > 165 ? 9 : 1) {
    CAPTURE(code);
    const auto result = run(wrap(broker.port(), "exit " + std::to_string(code)));
    CHECK(result.code == code);
    CHECK(result.signal == 0);
  }
}

TEST_CASE(
    "the code of a command is known where the parent of the run ignores the ends of children") {
  ScriptBroker broker{serve};
  check_exit(run(wrap(broker.port(), "exit 7").ignoring(SIGCHLD)), 7);
  CHECK(told(broker).size() == 2);
}

TEST_CASE("a command that dies of a signal gives 128 and its number") {
  ScriptBroker broker{serve};
  for (const auto& [number, name] : {std::pair{SIGHUP, "HUP"},
                                     {SIGINT, "INT"},
                                     {SIGQUIT, "QUIT"},
                                     {SIGKILL, "KILL"},
                                     {SIGUSR1, "USR1"},
                                     {SIGSEGV, "SEGV"},
                                     {SIGPIPE, "PIPE"},
                                     {SIGALRM, "ALRM"},
                                     {SIGTERM, "TERM"}}) {
    CAPTURE(name);
    const auto result =
        run(wrap(broker.port(), "ulimit -c 0; kill -" + std::string{name} + " $$; sleep 9"));
    CHECK(result.code == 128 + number);
    CHECK(result.signal == 0);
    CHECK(told(broker).back() == R"({"msg":"failed","command":"sh","code":)" +
                                     std::to_string(128 + number) +
                                     R"(,"seconds":S,"signal":"SIG)" + name + "\"}");
  }
}

TEST_CASE("a command that cannot be started gives what a shell gives") {
  ScriptBroker broker{serve};
  const TemporaryDirectory directory;
  const auto file = directory.write("file", "");
  for (const auto& [program, code] : {std::pair{directory / "missing", 127}, {file, 126}}) {
    CAPTURE(program);
    const auto result = run(pub(broker.port(), {"job", "--wrap", "--", program, "-x"}));
    check_exit(result, code);
    CHECK(result.err.starts_with("mqtt-pub: cannot start " + program + ": "));
    const auto name = program.substr(program.rfind('/') + 1);
    CHECK(told(broker).back() == R"({"msg":"failed","command":")" + name + R"(","code":)" +
                                     std::to_string(code) + R"(,"seconds":S})");
  }
  CHECK(told(broker).size() == 2);
}

TEST_CASE("a signal to the run reaches the command, and the run ends by it, too") {
  for (const auto& [number, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}}) {
    CAPTURE(number);
    ScriptBroker broker{serve};
    Process process{wrap(broker.port(), "echo runs; exec sleep 60")};
    REQUIRE(process.wait_for_out("runs"));
    REQUIRE(broker.wait_for(PacketType::publish));
    process.signal(number);
    check_exit(process.wait(), code);
    CHECK(told(broker).size() == 2);
  }
  // One that the command makes something of is its own matter.
  ScriptBroker broker{serve};
  Process process{wrap(broker.port(),
                       "trap 'echo got it; exit 5' TERM; echo runs; while :; do sleep 0.01; done")};
  REQUIRE(process.wait_for_out("runs"));
  process.signal(SIGTERM);
  const auto result = process.wait();
  check_exit(result, 5);
  CHECK(result.out == "runs\ngot it\n");
}

TEST_CASE("what the terminal sends reaches the command once, and ends a loop of the shell") {
  ScriptBroker broker{serve};
  const auto place = " -h 127.0.0.1 -p " + broker.port_text() + " job --wrap -- ";
  // exec: a shell that is just about to start another program may swallow the signal.
  Process loop{Command{"bash", "-c",
                       "while :; do mqtt-pub" + place + "sh -c 'echo runs; exec sleep 60'; done"}
                   .terminal_input()
                   .terminal_output()
                   .terminal_errors()};
  REQUIRE(loop.wait_for_out("runs"));
  loop.write("\x03");
  check_exit(loop.wait(), 130);

  Process counting{Command{"bash", "-c",
                           "trap : INT; mqtt-pub" + place +
                               "sh -c 'trap \"echo INT\" INT; echo runs; read x; read x; exit 3'; "
                               "echo code $?"}
                       .terminal_input()
                       .terminal_output()
                       .terminal_errors()};
  REQUIRE(counting.wait_for_out("runs"));
  counting.write("\x03");
  REQUIRE(counting.wait_for_out("INT"));
  counting.write("a\nb\n");
  const auto result = counting.wait();
  CHECK(result.out.find("code 3") != std::string::npos);
  CHECK(result.out.find("INT") == result.out.rfind("INT"));
}

TEST_CASE("what goes through a wrapped command is as it was") {
  ScriptBroker broker{serve};
  const TemporaryDirectory directory;
  const auto whole = run(
      Command::shell(
          "head -c 20000000 /dev/urandom >a; mqtt-pub job -h 127.0.0.1 -p " + broker.port_text() +
          " --wrap --wrap-output 3 -- sh -c 'cat; cat a >&2' <a >b 2>c; cmp a b && cmp a c")
          .directory(directory.path().string()));
  check_exit(whole, 0);
  CHECK(whole.out.empty());
}

TEST_CASE("the last lines of stderr go along where that is asked for") {
  ScriptBroker broker{serve};
  const auto last = [&](const std::string& line) {
    const auto result = run(wrap(broker.port(), line + "; exit 1", {"--wrap-output", "2"}));
    check_exit(result, 1);
    const auto text = told(broker).back();
    const auto at = text.find("\"stderr\":");
    REQUIRE(at != std::string::npos);
    return text.substr(at + 9, text.size() - at - 10);
  };
  CHECK(last("echo one >&2; echo two >&2; echo three >&2") == R"("two\nthree")");
  CHECK(last("echo one >&2; echo two >&2; printf three >&2") == R"("two\nthree")");
  CHECK(last("printf 'a\\033[1m\\377\\n' >&2") == R"("a\\x1b[1m\\xff")");
  CHECK(last(":") == R"("")");
  CHECK(last("echo; echo") == R"("")");
}

TEST_CASE("without a broker the command runs, and only its success gives our code") {
  const auto nobody = closed_port();
  const auto failed = run(wrap(nobody, "echo done; exit 9"));
  check_exit(failed, 9);
  CHECK(failed.out == "done\n");
  CHECK(std::count(failed.err.begin(), failed.err.end(), '\n') == 1);
  CHECK(failed.err.find("connection refused") != std::string::npos);
  check_exit_within(run(wrap(nobody, "exit 0")), 3, 3s);

  ScriptBroker refusing{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0x86);
  }};
  check_exit(run(wrap(refusing.port(), "sleep 0.2")), 4);
  CHECK(refusing.connections() <= 2);
  ScriptBroker denying{[](Session& session) {
    session.accept();
    while (true) session.puback(session.expect(PacketType::publish), 0x87);
  }};
  const auto denied = run(wrap(denying.port(), "exit 0"));
  check_exit(denied, 5);
  CHECK(denied.err.find("was denied: ") != std::string::npos);
  // A certificate that is not there is no reason not to make the backup.
  check_exit(run(wrap(nobody, "echo ran", {"--cafile", "/no/such"})), 1);
}

TEST_CASE("a broker that comes late or goes hears of the end") {
  Broker broker;
  broker.kill();
  const TemporaryDirectory directory;
  Process process{wrap(broker.port(), "until test -e go; do sleep 0.02; done; exit 4")
                      .directory(directory.path().string())};
  REQUIRE(process.wait_for_err("connection refused"));
  broker.start();
  directory.write("go", "");
  check_exit(process.wait(), 4);
  const auto late = run(broker.sub({"job", "-C", "1"}));
  CHECK(late.out.find("\"code\":4") != std::string::npos);

  Process watcher{broker.sub({"job", "-C", "1", "--no-retained"})};
  REQUIRE(broker.wait_for_subscription("job", 2));
  const TemporaryDirectory second;
  Process lost{wrap(broker.port(), "until test -e go; do sleep 0.02; done; exit 5",
                    {"--reconnect-max", "0.1"})
                   .directory(second.path().string())};
  check_exit(watcher.wait(), 0);  // It has heard that the command started.
  broker.kill();
  REQUIRE(lost.wait_for_err("lost"));
  broker.start();
  second.write("go", "");
  check_exit(lost.wait(), 5);
  CHECK(run(broker.sub({"job", "-C", "1"})).out.find("\"code\":5") != std::string::npos);
}

TEST_CASE("a long command without a broker keeps nothing of the attempts to reach one") {
  ScriptBroker closing{[](Session& session) { session.expect(PacketType::connect); }};
  const TemporaryDirectory directory;
  Process process{
      wrap(closing.port(), "until test -e go; do sleep 0.02; done", {"--reconnect-max", "0.001"})
          .directory(directory.path().string())};
  REQUIRE(closing.wait_for(PacketType::connect, 8));  // Few: where Paho waits, each takes 1 s.
  const std::filesystem::path self = "/proc/" + std::to_string(process.pid());
  const auto count = [&](const char* of) {
    return std::distance(std::filesystem::directory_iterator{self / of},
                         std::filesystem::directory_iterator{});
  };
  CHECK(count("task") < 7);
  CHECK(count("fd") < 12);
  directory.write("go", "");
  check_exit(process.wait(), 3);
}

TEST_CASE("a broker that is silent while a command runs is given its time behind the end") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    const auto begin = session.expect(PacketType::publish);
    const auto end = session.expect(PacketType::publish);
    session.puback(begin);
    session.puback(end);
    session.serve();
  }};
  check_exit(run(wrap(broker.port(), "sleep 2.2", {"--ack-timeout", "2"})), 0);
}

TEST_CASE("when the run is killed its will says that the command is lost") {
  Broker broker;
  Process watcher{broker.sub({"job", "-C", "2", "-v"})};
  REQUIRE(broker.wait_for_subscription("job"));
  Process process{wrap(broker.port(), "echo runs; exec sleep 3")};
  REQUIRE(watcher.wait_for_out("started"));
  process.signal(SIGKILL);
  CHECK(watcher.wait().out.ends_with("job {\"msg\":\"lost\",\"command\":\"sh\"}\n"));
}

TEST_CASE("all messages of a command say what they are encoded in, the will too") {
  Broker broker;
  Process watcher{broker.sub({"job", "-C", "2", "-F", "%C %F %J"})};
  REQUIRE(broker.wait_for_subscription("job"));
  Process process{wrap(broker.port(), "exec sleep 3",
                       {"--encode", "cbor", "-D", "publish", "topic-alias", "1"})};
  REQUIRE(watcher.wait_for_out("started"));
  process.signal(SIGKILL);
  const auto out = watcher.wait().out;
  CHECK(std::regex_search(out, std::regex{"^application/cbor 0 .*\"msg\":\"started\""}));
  CHECK(std::regex_search(out, std::regex{"\napplication/cbor 0 .*\"msg\":\"lost\""}));
}

TEST_CASE("a wrapped command and presence go together") {
  ScriptBroker broker{serve};
  check_exit(run(pub(broker.port(), {"job", "--presence", "here", "--wrap", "--", "true"})), 0);
  std::string topics;
  for (const auto& message : broker.received(PacketType::publish)) topics += message.topic() + " ";
  CHECK(topics == "here job job here ");
  const auto connect = broker.received(PacketType::connect).at(0).body;
  CHECK(connect.find("offline") != std::string::npos);
}

TEST_CASE("what makes no sense beside a wrapped command is refused, and it is not started") {
  const TemporaryDirectory directory;
  const std::vector<std::string> text{"-D", "publish", "payload-format-indicator", "1"};
  for (const auto& words : std::vector<std::vector<std::string>>{{"-m", "x"},
                                                                 {"-l"},
                                                                 {"--request"},
                                                                 {"--verify"},
                                                                 {"-o", "json"},
                                                                 {"--will-topic", "w"},
                                                                 {"-t", "a", "-t", "b"},
                                                                 {"--field", "code=1"},
                                                                 {"--message-key", "command"},
                                                                 {"--repeat", "2"},
                                                                 {"--encode", "cbor"}}) {
    CAPTURE(words);
    auto command = Command{"mqtt-pub"};
    if (words.front() != "-t") command.add({"-t", "job"});
    if (words.front() == "--encode") command.add(text);
    command.add(words).add({"--wrap", "--", "touch", directory / "started"});
    check_exit(run(command), 2);
  }
  check_exit(run({"mqtt-pub", "job", "--wrap"}), 2);
  check_exit(run({"mqtt-pub", "job", "--wrap", "--"}), 2);
  check_exit(run({"mqtt-pub", "job", "--wrap", "touch", directory / "started"}), 2);
  check_exit(run({"mqtt-pub", "job", "hi", "--wrap-output", "3"}), 2);
  CHECK(directory.names().empty());
}
