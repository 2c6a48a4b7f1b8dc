// SPDX-License-Identifier: MIT
//
// A message for which there is no memory is not acknowledged, and the run ends with its reason.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"
#include "support/system.hpp"

using namespace mqtt_tools::support;

namespace {

/// `command` with so many KiB of address space.
Command limited(const std::string& command, int port, int kilobytes) {
  return Command::shell("ulimit -c 0; ulimit -v " + std::to_string(kilobytes) + "; exec " +
                        command + " -h 127.0.0.1 -p " + std::to_string(port));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ScriptBroker::Script publishes(std::size_t size, int qos) {
  return [=](Session& session) {
    session.accept_subscription();
    session.publish("some/topic", std::string(size, 'x'), qos, 1);
    session.serve();
  };
}

}  // namespace

// A sanitizer needs an address space without such limits.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

TEST_CASE("a message that the address space cannot hold is not acknowledged") {
  for (const int qos : {0, 1, 2}) {
    for (const std::string version : {"5", "3.1.1"}) {
      for (const int kilobytes : {200'000, 250'000, 300'000, 400'000, 500'000}) {
        CAPTURE(qos, version, kilobytes);
        ScriptBroker broker{publishes(60'000'000, qos)};
        const auto result =
            run(limited("mqtt-sub some/topic -C 1 -V " + version, broker.port(), kilobytes));
        const bool shown = result.out.size() == 60'000'001;
        check_exit(result, shown ? 0 : 1);
        if (shown) continue;
        CHECK(result.out.empty());
        CHECK(contains(result.err, "no memory for a message of 600000"));
        REQUIRE(broker.wait_for_end());
        CHECK(broker.received(PacketType::puback).empty());
        CHECK(broker.received(PacketType::pubcomp).empty());
      }
    }
  }
}

TEST_CASE("where there is no room for one more thread the words say so") {
  bool told = false;
  for (int kilobytes = 24'000; kilobytes < 44'000; kilobytes += 1'000) {
    CAPTURE(kilobytes);
    // With the second candidate the first is to be ended apart.
    const auto result =
        run(limited("mqtt-pub t m --connect-timeout 0.2 -h 127.0.0.2", 1, kilobytes));
    CHECK_FALSE(contains(result.err, "unexpected"));
    told = told || contains(result.err, "cannot start a thread");
  }
  CHECK(told);
}

TEST_CASE("where there is no room for Paho's threads the broker is not blamed") {
  Broker broker;
  bool told = false;
  for (int kilobytes = 16'000; kilobytes < 60'000; kilobytes += 2'000) {
    CAPTURE(kilobytes);
    for (const std::string words : {"mqtt-pub t m", "mqtt-sub t -E"}) {
      const auto result = run(limited(words + " --connect-timeout 1", broker.port(), kilobytes));
      CHECK_FALSE(contains(result.err, "no answer in time"));
      told = told || contains(result.err, "cannot start a thread");
    }
  }
  CHECK(told);
}

TEST_CASE("what the smallest of these address spaces cannot hold is told, and no other size") {
  ScriptBroker broker{publishes(80'000'000, 1)};
  const auto result = run(limited("mqtt-sub some/topic -C 1", broker.port(), 180'000));
  check_exit(result, 1);
  CHECK(contains(result.err, "no memory for a message of 8000"));
  ScriptBroker small{publishes(1000, 1)};
  check_exit(run(limited("mqtt-sub some/topic -C 1", small.port(), 180'000)), 0);
}

TEST_CASE("a message that cannot be sent for want of memory ends the run with 1") {
  if (!shortened_waits()) return skip("Paho alone takes minutes for 80 MB");
  const TemporaryDirectory directory;
  const auto file = directory.write("payload", std::string(80'000'000, 'x'));
  for (const int kilobytes : {60'000, 80'000, 140'000, 180'000, 220'000, 300'000}) {
    CAPTURE(kilobytes);
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    const auto result = run(limited("mqtt-pub t --raw -f " + file, broker.port(), kilobytes));
    const bool acknowledged = !broker.received(PacketType::publish).empty();
    check_exit(result, acknowledged ? 0 : 1);
    if (!acknowledged) CHECK(result.err.starts_with("mqtt-pub: "));
  }
}

#endif
