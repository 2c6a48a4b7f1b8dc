// SPDX-License-Identifier: MIT
//
// How a lost connection is made again: when, how often, and when no longer.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <unistd.h>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

using Time = std::chrono::steady_clock::time_point;

Time now() { return std::chrono::steady_clock::now(); }

int count(const std::string& text, const std::string& word) {
  int number = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++number;
  return number;
}

/// The processor's time that a program has used (proc(5): utime and stime).
milliseconds used(const Process& process) {
  const auto text = read_file("/proc/" + std::to_string(process.pid()) + "/stat");
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return milliseconds{(user + system) * 1000 / sysconf(_SC_CLK_TCK)};
}

/// A subscriber whose broker has just been killed.
struct Bereaved {
  Bereaved() : process(broker.sub({"t", "--debug"})) {
    REQUIRE(broker.wait_for_subscription("t"));
    REQUIRE(process.wait_for_err("SUBACK"));
    lost = now();  // Not later than it is.
    broker.kill();
    REQUIRE(process.wait_for_err(" lost"));
    before = used(process);
  }

  /// The attempts to connect since the loss.
  int attempts() const { return count(process.err(), "connecting to ") - 1; }
  bool wait_for_attempts(int number, milliseconds limit = patience) {
    return process.wait_for_err("connecting to ", limit, number + 1);
  }

  Broker broker{};
  Process process;
  Time lost{};
  milliseconds before{};
};

ScriptBroker::Script refuse(int code) {
  return [code](Session& session) {
    session.expect(PacketType::connect);
    session.connack(code);
  };
}

}  // namespace

TEST_CASE("a broker that is back within two seconds is used within three more") {
  Bereaved bereaved;
  // The first attempts, at once and after a second, have found nothing.
  REQUIRE(bereaved.wait_for_attempts(2));
  bereaved.broker.start();
  const auto back = now();
  check_exit(run(bereaved.broker.pub({"t", "next", "--raw", "-r"})), 0);
  REQUIRE(bereaved.process.wait_for_out("next\n"));
  CHECK(now() - back <= within(3s));
  REQUIRE(bereaved.process.wait_for_err(" is back"));
  CHECK(count(bereaved.process.err(), " lost") == 1);
  CHECK(count(bereaved.process.err(), " is back") == 1);
}

TEST_CASE(
    "a broker that stays away is asked at once, after 1 s, after 2 s more, and costs nothing") {
  Bereaved bereaved;
  REQUIRE(bereaved.wait_for_attempts(3));
  const auto passed = now() - bereaved.lost;
  CHECK(passed >= 2600ms);  // ±10 %
  CHECK(passed <= within(3500ms));
  CHECK(bereaved.attempts() == 3);
  CHECK(used(bereaved.process) - bereaved.before <= within(150ms));
}

TEST_CASE("messages that come while the broker does not answer wait without work") {
  const ScriptBroker broker{[](Session& session) { session.stay_silent(); }};
  const bool lines = GENERATE(true, false);
  auto command = pub(broker.port(), {"t", "--connect-timeout", "3", "--wait", "60"});
  Process process{lines ? command.add({"-l"}).open_input()
                        : command.add({"hi", "--repeat", "9", "--rate", "5"})};
  if (lines) process.write("first\n");
  CAPTURE(lines);
  REQUIRE(broker.wait_for(PacketType::connect));
  if (lines) process.write("second\n");
  REQUIRE(process.wait_for_err("; trying again"));
  CHECK(used(process) <= within(100ms));
}

TEST_CASE("in a minute a broker that stays away is asked no more than ten times", "[.slow]") {
  Bereaved bereaved;
  CHECK_FALSE(bereaved.process.wait(60s).ended);
  CHECK(bereaved.attempts() <= 10);
  CHECK(bereaved.attempts() >= 5);
  const auto spent = used(bereaved.process) - bereaved.before;
  WARN(bereaved.attempts() << " attempts, " << spent.count() << " ms of the processor");
  CHECK(spent <= within(200ms));
}

TEST_CASE("a login that is refused after a restart ends a run with 4") {
  for (const int code : {5, 0x86, 0x87}) {
    CAPTURE(code);
    ScriptBroker broker{{[](Session& session) {
                           session.accept_subscription();
                           session.close();
                         },
                         refuse(code)}};
    Process process{sub(broker.port(), {"t", "--reconnect-max", "0.1"})};
    const auto result = process.wait();
    check_exit_within(result, 4, 2s);
    CHECK(count(result.err, " lost") == 1);
    CHECK(result.err.find("refused the connection: ") != std::string::npos);
  }
}

TEST_CASE("a broker that has no time after a restart is asked again") {
  ScriptBroker broker{{[](Session& session) {
                         session.accept_subscription();
                         session.close();
                       },
                       refuse(0x88), refuse(0x89), [](Session& session) { session.serve(); }}};
  Process process{sub(broker.port(), {"t", "--reconnect-max", "0.1"})};
  REQUIRE(process.wait_for_err(" is back"));
  CHECK(broker.connections() >= 4);
  process.signal(SIGINT);
  check_exit(process.wait(), 130);
}

TEST_CASE("of two programs with one client id the loser ends with 6 and says why") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker;
    Process one{broker.sub({"t", "-i", "same", "-V", version})};
    REQUIRE(broker.wait_for_subscription("t"));
    Process two{broker.sub({"t", "-i", "same", "-V", version})};
    REQUIRE(eventually(patience, [&] { return !one.running() || !two.running(); }));
    auto& loser = one.running() ? two : one;
    auto& winner = one.running() ? one : two;
    const auto result = loser.wait();
    check_exit(result, 6);
    CHECK(result.err.find("another client may be using id same") != std::string::npos);
    check_exit(run(broker.pub({"t", "next", "--raw", "-r"})), 0);
    CHECK(winner.wait_for_out("next\n"));
  }
}

TEST_CASE("a program that is told that its id was taken ends with 6 and names the id") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.disconnect(0x8E);
    session.close();
  }};
  const auto result = run(sub(broker.port(), {"t", "-i", "same"}));
  check_exit_within(result, 6, 1s);
  CHECK(result.err.find("another client is using id same") != std::string::npos);
}
