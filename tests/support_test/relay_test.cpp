// SPDX-License-Identifier: MIT
#include "support/relay.hpp"

#include "catch.hpp"
#include "support/process.hpp"
#include "support/script_broker.hpp"

#include <poll.h>
#include <sys/socket.h>

using namespace mqtt_tools::support;

namespace {

/// What comes from `fd` until it ends.
std::string drain(const Descriptor& fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    pollfd readable{fd.get(), POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(patience.count())) != 1) return text + " (no end)";
    const auto size = recv(fd.get(), buffer, sizeof buffer, 0);
    if (size <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

void say(const Descriptor& fd, std::string_view text) {
  CHECK(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(text.size()));
}

ScriptBroker::Script talk(std::string text) {
  return [text](Session& session) { session.send(text); };
}

void keep_open(Session& session) { session.stop_reading(); }

}  // namespace

TEST_CASE("support: a relay passes on, and the end too", "[support]") {
  ScriptBroker broker{talk("hello")};
  Relay relay{broker.port()};
  const auto client = connect_to(relay.port());
  CHECK(drain(client) == "hello");
  CHECK(relay.connections() == 1);
  CHECK(relay.cuts() == 0);
}

TEST_CASE("support: a relay cuts all connections now", "[support]") {
  ScriptBroker broker{keep_open};
  Relay relay{broker.port()};
  const auto one = connect_to(relay.port());
  const auto two = connect_to(relay.port());
  REQUIRE(relay.wait_for_connections(2));
  relay.cut();
  CHECK(drain(one).empty());
  CHECK(drain(two).empty());
  CHECK(relay.cuts() == 2);
  CHECK(broker.wait_for_end(2));
}

TEST_CASE("support: a relay cuts after as many bytes as it was told, so many times", "[support]") {
  ScriptBroker broker{talk("0123456789")};
  Relay relay{broker.port()};
  relay.cut_after(Toward::client, 4, 2);
  CHECK(drain(connect_to(relay.port())) == "0123");
  CHECK(drain(connect_to(relay.port())) == "0123");
  CHECK(drain(connect_to(relay.port())) == "0123456789");
  CHECK(relay.cuts() == 2);
}

TEST_CASE("support: a relay holds back until it is released", "[support]") {
  ScriptBroker broker{talk("late")};
  Relay relay{broker.port()};
  relay.hold(Toward::client);
  const auto client = connect_to(relay.port());
  pollfd readable{client.get(), POLLIN, 0};
  CHECK(poll(&readable, 1, 50) == 0);
  relay.release();
  CHECK(drain(client) == "late");
}

TEST_CASE("support: a relay delays and limits", "[support]") {
  ScriptBroker broker{talk(std::string(1000, 'x'))};
  Relay relay{broker.port()};
  SECTION("delay") { relay.delay(150ms); }
  SECTION("rate") { relay.limit(5000); }
  const auto start = std::chrono::steady_clock::now();
  CHECK(drain(connect_to(relay.port())).size() == 1000);
  CHECK(std::chrono::steady_clock::now() - start >= 140ms);
}

TEST_CASE("support: a relay resets, refuses and records", "[support]") {
  ScriptBroker broker{keep_open};
  Relay relay{broker.port()};
  relay.record();
  const auto client = connect_to(relay.port());
  say(client, "secret");
  CHECK(eventually(patience, [&] { return relay.passed(Toward::broker) == 6; }));
  CHECK(relay.recorded() == "secret");
  relay.reset();
  char byte = 0;
  pollfd readable{client.get(), POLLIN, 0};
  CHECK(poll(&readable, 1, static_cast<int>(patience.count())) == 1);
  CHECK(recv(client.get(), &byte, 1, 0) == -1);
  CHECK(errno == ECONNRESET);

  relay.refuse(true);
  CHECK(drain(connect_to(relay.port())).empty());
  CHECK(eventually(patience, [&] { return broker.connections() == 1; }));
}

TEST_CASE("support: nobody gets through a black hole", "[support]") {
  const BlackHole hole;
  CHECK_FALSE(hole.has_caller());
  Process client{Command{"mosquitto_pub", "-h", "127.0.0.1", "-p", std::to_string(hole.port()),
                         "-t", "a", "-m", "x"}};
  CHECK(eventually(patience, [&] { return hole.has_caller(); }));
  CHECK_FALSE(client.wait(100ms).ended);
}
