// SPDX-License-Identifier: MIT
//
// How often and how fast messages are published, and what a person sees of it.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <algorithm>
#include <regex>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

using Time = std::chrono::steady_clock::time_point;

struct Published {
  /// Of message `i`, since before the program was started: not shorter than what it has waited,
  /// while the time between two messages is when the first of them is read late.
  milliseconds since_start(std::size_t i) const { return between(start, messages.at(i).time); }
  milliseconds since_first(std::size_t i) const {
    return between(messages.at(0).time, messages.at(i).time);
  }
  static milliseconds between(Time first, Time last) {
    return std::chrono::duration_cast<milliseconds>(last - first);
  }

  Time start{};
  std::vector<Packet> messages{};
};

Published published(std::initializer_list<std::string> words, const std::string& input = {}) {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const auto start = std::chrono::steady_clock::now();
  check_exit(run(pub(broker.port(), {"t"}).add(words), input), 0);
  // What was sent with QoS 0 may still be on its way; behind it comes DISCONNECT.
  CHECK(broker.wait_for(PacketType::disconnect));
  return {start, broker.received(PacketType::publish)};
}

/// The last line of a terminal once all of `text` was written to it: return goes to its beginning,
/// ESC [ K wipes from there.
std::string last_line(const std::string& text) {
  std::string line;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r') {
      column = 0;
    } else if (text[at] == '\n') {
      line.clear();
      column = 0;
    } else if (text.compare(at, 3, "\x1b[K") == 0) {
      line.resize(column);
      at += 2;
    } else {
      line.resize(std::max(line.size(), column + 1), ' ');
      line[column++] = text[at];
    }
  }
  return line;
}

}  // namespace

TEST_CASE("a message is published as often as asked, each with a time of its own") {
  const auto repeated = published({"hi", "--repeat", "5", "--time-format", "unix-ms",
                                   "--repeat-delay", "0.1", "--no-progress"});
  REQUIRE(repeated.messages.size() == 5);
  CHECK(repeated.since_start(4) >= 390ms);
  CHECK(repeated.since_first(4) < within(1s));
  // Two that a busy machine sent late may have the same time.
  CHECK(repeated.messages[0].payload() < repeated.messages[4].payload());
  CHECK(published({"hi", "--repeat", "1000", "-q", "0"}).messages.size() == 1000);
}

TEST_CASE("a rate limits lines and repetitions, and is kept") {
  for (const bool lines : {true, false}) {
    const auto limited = lines ? published({"-l", "--rate", "100"}, sequence(1, 51))
                               : published({"hi", "--rate", "100", "--repeat", "51"});
    REQUIRE(limited.messages.size() == 51);
    CHECK(limited.since_start(50) >= 490ms);
    CHECK(limited.since_first(50) < within(1s));
  }
  const auto slow = published({"-l", "--rate", "2.5", "--no-progress"}, "a\nb\n");
  REQUIRE(slow.messages.size() == 2);
  CHECK(slow.since_start(1) >= 390ms);
}

TEST_CASE("an end comes at once, whatever the rate") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit_within(run(pub(broker.port(), {"t", "hi", "--rate", "0.01"})), 0, 1s);
  check_exit_within(run(pub(broker.port(), {"t", "-l", "--rate", "0.01"}), "a\n"), 0, 1s);
  check_exit_within(run(pub(broker.port(), {"t", "x", "--repeat", "1", "--repeat-delay", "60"})), 0,
                    1s);
}

TEST_CASE("a long run shows its progress on a terminal and leaves nothing of it") {
  const TemporaryDirectory directory;
  const auto file = directory.write("lines", sequence(100, 259));
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Process process{pub(broker.port(), {"t", "-l", "-f", file, "--rate", "100"}).terminal_errors()};
  REQUIRE(process.wait_for_err("% of 640 B"));
  const auto result = process.wait();
  check_exit(result, 0);
  CHECK(std::regex_search(
      result.err, std::regex{R"(\d+ sent, \d+ acknowledged, \d+/s, \d+ % of 640 B, \d+ s left)"}));
  CHECK(result.err.find('\n') == std::string::npos);
  CHECK(last_line(result.err).empty());
  CHECK(result.out.empty());
}

TEST_CASE("what is printed on the terminal does not stand behind the progress") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const auto result =
      run(pub(broker.port(), {"t", "x", "--repeat", "20", "--rate", "10", "-o", "json"})
              .terminal_output()
              .terminal_errors());
  check_exit(result, 0);
  CHECK(result.out.find(" sent, ") != std::string::npos);
  std::istringstream lines{result.out};
  for (std::string line; std::getline(lines, line);) {
    const auto shown = line.substr(line.rfind('\r', line.size() - 2) + 1);
    CHECK((shown.rfind("{\"topic\"", 0) == 0 || shown.rfind("\x1b[K{\"topic\"", 0) == 0 ||
           shown == "\x1b[K"));
  }
}

TEST_CASE("an interrupted run leaves nothing of its progress") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  Process process{pub(broker.port(), {"t", "-l", "--rate", "1", "-v"})
                      .input(sequence(1, 100))
                      .terminal_errors()};
  REQUIRE(process.wait_for_err(" sent, "));
  process.signal(SIGINT);
  const auto result = process.wait();
  check_exit(result, 130);
  CHECK(last_line(result.err).empty());
}

TEST_CASE("no progress is shown in a pipe, on request, or in a short run") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const auto said = [&](std::initializer_list<std::string> words, bool terminal) {
    auto command = pub(broker.port(), {"t", "x", "--repeat", "2"}).add(words);
    if (terminal) command.terminal_errors();
    const auto result = run(command);
    check_exit(result, 0);
    return result;
  };
  CHECK(said({"--repeat-delay", "1.3"}, false).err.empty());
  CHECK(said({"--repeat-delay", "1.3", "--no-progress"}, true).err.empty());
  const auto brief = said({}, true);
  CHECK((brief.err.empty() || brief.duration >= 1s));
}

TEST_CASE("no progress is shown where somebody types") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  for (const std::string input : {"-l", "-l -f /dev/tty", "--replay -"}) {
    CAPTURE(input);
    const std::string topic = input == "--replay -" ? "" : " -t t ";
    Process typed{
        Command::shell("exec mqtt-pub " + input + topic + " -h 127.0.0.1 -p " + broker.port_text())
            .terminal_input()
            .terminal_errors()};
    typed.write("{\"topic\":\"t\",\"payload\":\"x\"}\n");
    CHECK_FALSE(typed.wait_for_err("sent", 1500ms));
    typed.write("\x04");
    check_exit(typed.wait(), 0);
  }
  // In the background, the line that is typed is for the shell.
  Process shell{Command{"bash", "-c",
                        "set -m; mqtt-pub t x --repeat 3 --repeat-delay 0.7 -h 127.0.0.1 -p " +
                            broker.port_text() + " & wait $!; echo code $?"}
                    .terminal_input()
                    .terminal_output()
                    .terminal_errors()};
  const auto result = shell.wait();
  CHECK(result.out.find("code 0") != std::string::npos);
  CHECK(result.out.find("sent") == std::string::npos);
}
