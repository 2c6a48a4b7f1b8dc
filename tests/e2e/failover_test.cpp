// SPDX-License-Identifier: MIT
//
// Several brokers, of which one will do.

#include "catch.hpp"
#include "support/programs.hpp"

using namespace mqtt_tools::support;

namespace {

std::string address(const Broker& broker) { return "127.0.0.1:" + broker.port_text(); }

}  // namespace

TEST_CASE("of several brokers that answer the first is used") {
  Broker first;
  Broker second;
  check_exit(run({"mqtt-pub", "-h", address(first), "-h", address(second), "t", "hi"}), 0);
  REQUIRE(first.wait_for_log("New client connected"));
  CHECK(second.log().find("New connection") == std::string::npos);
}

TEST_CASE("all of several brokers that do not answer are named") {
  const auto one = "127.0.0.1:" + std::to_string(closed_port());
  const auto two = "127.0.0.1:" + std::to_string(closed_port());
  const auto result = run({"mqtt-pub", "-h", one, "-h", two, "t", "hi"});
  check_exit_within(result, 3, 1s);
  const auto at = result.err.find(one + ": connection refused");
  REQUIRE(at != std::string::npos);
  CHECK(result.err.find(two + ": connection refused", at) != std::string::npos);
}

TEST_CASE("a common port is for those hosts that name none") {
  Broker broker;
  const auto dead = "127.0.0.1:" + std::to_string(closed_port());
  check_exit(run({"mqtt-pub", "-h", dead, "-h", "localhost", "-p", broker.port_text(), "t", "hi"}),
             0);
}

TEST_CASE("after a loss the next broker is used, and after its loss the first again") {
  Broker first;
  Broker second;
  Process process{Command{"mqtt-sub", "-h", address(first), "-h", address(second), "t",
                          "--reconnect-max", "0.1"}};
  REQUIRE(first.wait_for_subscription("t"));
  first.kill();
  REQUIRE(process.wait_for_err("connection to " + address(first) + " lost"));
  REQUIRE(second.wait_for_subscription("t"));
  check_exit(run(second.pub({"t", "by the second", "--raw"})), 0);
  REQUIRE(process.wait_for_out("by the second\n"));
  CHECK(process.wait_for_err("connection to " + address(second) + " is back"));

  first.start();
  second.kill();
  REQUIRE(first.wait_for_subscription("t"));
  check_exit(run(first.pub({"t", "by the first", "--raw"})), 0);
  CHECK(process.wait_for_out("by the first\n"));
}

TEST_CASE("a broker that refuses the login ends a run, whoever else is there") {
  BrokerOptions options;
  options.users = {{"me", "right"}};
  Broker strict{options};
  Broker open;
  const auto result = run({"mqtt-pub", "-h", address(strict), "-h", address(open), "t", "hi"});
  check_exit_within(result, 4, 1s);
  CHECK(result.err.find(address(strict)) != std::string::npos);
}

TEST_CASE("hosts with TLS and hosts without do not mix") {
  const std::vector<std::vector<std::string>> mixed{
      {"-h", "127.0.0.1:1883", "-h", "127.0.0.1:8883"},
      {"-h", "127.0.0.1:8883", "-h", "127.0.0.1:1884"},
      {"-h", "127.0.0.1:1884", "-h", "127.0.0.1", "-p", "8883"}};
  for (const auto& hosts : mixed) {
    const auto result = run(Command{"mqtt-pub", "t", "hi"}.add(hosts));
    check_exit_within(result, 2, 1s);
    CHECK(result.err.find("8883") != std::string::npos);
    CHECK(result.err.find("188") != std::string::npos);
    CHECK(result.err.find("--tls") != std::string::npos);
  }
  // Whoever says --tls means all of them.
  const auto dead = "127.0.0.1:" + std::to_string(closed_port());
  check_exit(run({"mqtt-pub", "-h", dead, "-h", "127.255.255.254:8883", "--tls", "t", "hi"}), 3);
}
