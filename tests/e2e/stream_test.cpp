// SPDX-License-Identifier: MIT
//
// Many lines, all of them, in order.

#include "catch.hpp"
#include "support/programs.hpp"

using namespace mqtt_tools::support;

namespace {

void stream(const std::string& qos, int count) {
  CAPTURE(qos, count);
  Broker broker;
  Process subscriber{broker.sub({"t", "-q", qos, "-C", std::to_string(count)})};
  REQUIRE(broker.wait_for_subscription("t"));
  const auto lines = sequence(1, count);
  const auto limit = patience + slowness * milliseconds{count};
  check_exit(run(broker.pub({"t", "-l", "--raw", "-q", qos}), lines, limit), 0);
  const auto result = subscriber.wait(limit);
  check_exit(result, 0);
  CHECK(result.out == lines);
}

}  // namespace

TEST_CASE("20,000 lines arrive in order") {
  SECTION("at QoS 0") { stream("0", 20'000); }
  SECTION("at QoS 1") { stream("1", 20'000); }
  SECTION("at QoS 2") { stream("2", 20'000); }
}

TEST_CASE("200,000 lines arrive in order", "[.slow]") {
  SECTION("at QoS 0") { stream("0", 200'000); }
  SECTION("at QoS 1") { stream("1", 200'000); }
  SECTION("at QoS 2") { stream("2", 200'000); }
}

TEST_CASE("lines of any length arrive") {
  Broker broker;
  Process subscriber{broker.sub({"t", "-C", "3"})};
  REQUIRE(broker.wait_for_subscription("t"));
  const auto lines = std::string(1'000'000, 'a') + "\n" + std::string(200'000, 'b') + "\nc\n";
  check_exit(run(broker.pub({"t", "-l", "--raw"}), lines), 0);
  CHECK(subscriber.wait().out == lines);
}

TEST_CASE("a line is sent as soon as it has come") {
  Broker broker;
  Process subscriber{broker.sub({"t"})};
  REQUIRE(broker.wait_for_subscription("t"));
  Process publisher{broker.pub({"t", "-l", "--raw"}).open_input()};
  publisher.write("warm up\n");
  REQUIRE(subscriber.wait_for_out("warm up\n"));
  int prompt = 0;  // The others a busy machine may have kept.
  for (int i = 0; i < 20; ++i) {
    const auto line = "line " + std::to_string(i) + "\n";
    const auto before = std::chrono::steady_clock::now();
    publisher.write(line);
    REQUIRE(subscriber.wait_for_out(line));
    prompt += std::chrono::steady_clock::now() - before <= within(200ms) ? 1 : 0;
  }
  CHECK(prompt >= 10);
}
