// SPDX-License-Identifier: MIT
//
// The hooks on a system that lacks what they need: slower, or refused, but never unchecked or
// stuck.

#include "catch.hpp"
#include "support/programs.hpp"

using namespace mqtt_tools::support;

// The sanitizers' runtime wants to be loaded first.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

Command without(Command command, const std::string& function) {
  command.environment("LD_PRELOAD", MISSING_FUNCTION_LIBRARY);
  command.environment("MISSING_FUNCTION", function);
  return command;
}

}  // namespace

TEST_CASE(
    "without a function that the shorter waits need, waits are long and all else is as ever") {
  const Broker broker;
  auto command = broker.pub({"t", "hi", "-d"});
  command.environment("MQTT_TOOLS_FAST_IO", "1");
  const auto result = run(without(std::move(command), "usleep"));
  check_exit(result, 0);
  CHECK(result.err.find("Paho's waits are not shortened: ") != std::string::npos);
}

TEST_CASE("where functions have no versions the only one there is serves") {
  const Broker broker;
  auto command = broker.pub({"t", "hi", "-d"});
  command.environment("LD_PRELOAD", MISSING_VERSIONS_LIBRARY);
  const auto result = run(command);
  check_exit(result, 0);
}

TEST_CASE("without a function that the packet guard needs nothing connects") {
  const Broker broker;
  const auto function = GENERATE("recv", "writev", "SSL_read", "MQTTAsync_create");
  const auto result = run(without(broker.pub({"t", "hi"}), function));
  check_exit(result, 1);
  CHECK(result.err.find("cannot check what a broker sends") != std::string::npos);
}

#endif
