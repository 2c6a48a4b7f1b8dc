// SPDX-License-Identifier: MIT
//
// The broker goes away, and comes back.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <set>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

/// The line of stderr that is about `word`; there must be one, and only one.
std::string only_line(const std::string& text, const std::string& word) {
  std::istringstream stream{text};
  std::string found;
  int count = 0;
  for (std::string line; std::getline(stream, line);) {
    if (line.find(word) == std::string::npos) continue;
    found = line;
    ++count;
  }
  INFO(text);
  CHECK(count == 1);
  return found;
}

}  // namespace

TEST_CASE("a subscriber says lost and back once, and prints the next message") {
  Broker broker;
  Process process{broker.sub({"t", "--reconnect-max", "0.1"})};
  REQUIRE(broker.wait_for_subscription("t"));
  SECTION("after kill -9") { broker.kill(); }
  SECTION("after SIGTERM") { broker.stop(); }
  REQUIRE(process.wait_for_err("lost"));
  const auto port = broker.port_text();
  broker.start();
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "next", "--raw"})), 0);
  CHECK(process.wait_for_out("next\n"));
  REQUIRE(process.wait_for_err("back"));
  CHECK(only_line(process.err(), "lost").find("127.0.0.1:" + port) != std::string::npos);
  CHECK(only_line(process.err(), "back").find("127.0.0.1:" + port) != std::string::npos);
}

TEST_CASE("with --quiet a loss is not told") {
  Broker broker;
  Process process{broker.sub({"t", "--reconnect-max", "0.1", "--quiet"})};
  REQUIRE(broker.wait_for_subscription("t"));
  broker.kill();
  broker.start();
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "next", "--raw"})), 0);
  REQUIRE(process.wait_for_out("next\n"));
  CHECK(process.err().empty());
}

TEST_CASE("a broker with persistence that is restarted in midstream loses no line") {
  BrokerOptions options;
  options.persistence = true;
  Broker broker{options};
  Process subscriber{broker.sub({"t", "-c", "-i", "connection", "--reconnect-max", "0.1"})};
  REQUIRE(broker.wait_for_subscription("t"));
  Process publisher{broker.pub({"t", "-l", "--raw", "--reconnect-max", "0.1"}).open_input()};
  publisher.write(sequence(1, 5'000));
  REQUIRE(subscriber.wait_for_out("\n500\n"));
  broker.stop();
  publisher.write(sequence(5'001, 10'000));
  publisher.close_input();
  broker.start();
  check_exit(publisher.wait(2 * patience), 0);
  REQUIRE(subscriber.wait_for_out("\n10000\n", 2 * patience));
  CHECK(lines_of(subscriber.out()) == lines_of(sequence(1, 10'000)));
}

TEST_CASE("a publisher outlives a broker that is killed in midstream") {
  Broker broker;
  Process subscriber{broker.sub({"t", "--no-reconnect"})};
  REQUIRE(broker.wait_for_subscription("t"));
  Process publisher{broker.pub({"t", "-l", "--raw", "--reconnect-max", "0.1"}).open_input()};
  publisher.write(sequence(1, 5'000));
  REQUIRE(subscriber.wait_for_out("\n500\n"));
  broker.kill();
  REQUIRE(publisher.wait_for_err("lost"));
  broker.start();
  publisher.write(sequence(5'001, 6'000));
  publisher.close_input();
  check_exit(publisher.wait(), 0);
  only_line(publisher.err(), "lost");
  only_line(publisher.err(), "back");
}

TEST_CASE("with --wait a run waits for a broker that is not there yet") {
  const auto port = closed_port();
  check_exit_within(run(sub(port, {"t", "-E", "--wait", "0.5"})), 3, 1500ms);

  Broker broker;
  broker.kill();
  Process process{broker.pub({"t", "hi", "--wait", "60", "--reconnect-max", "0.1"})};
  CHECK_FALSE(process.wait(100ms).ended);
  broker.start();
  check_exit(process.wait(), 0);
}

TEST_CASE("a connection that is renewed for the broker's keep-alive was neither lost nor is back") {
  using namespace std::string_view_literals;
  ScriptBroker broker{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0, "\x13\x00\x02"sv);  // server keep alive: 2 s
    session.serve();
  }};
  Process publisher{pub(broker.port(), {"t", "-l", "--raw"}).open_input()};
  REQUIRE(broker.wait_for(PacketType::connect, 2));
  publisher.write("after\n");
  publisher.close_input();
  const auto result = publisher.wait();
  check_exit(result, 0);
  CHECK(result.err == "");
}
