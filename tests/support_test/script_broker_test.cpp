// SPDX-License-Identifier: MIT
#include "support/script_broker.hpp"

#include "catch.hpp"
#include "support/process.hpp"

#include <poll.h>
#include <sys/socket.h>

using namespace mqtt_tools::support;

namespace {

Process pub(const ScriptBroker& broker, std::initializer_list<std::string> words) {
  return Process{
      Command{"mosquitto_pub", "-h", "127.0.0.1", "-p", broker.port_text(), "-t", "a"}.add(words)};
}

}  // namespace

TEST_CASE("support: a served client finds a whole broker, in each version and QoS", "[support]") {
  for (const auto* version : {"311", "5"}) {
    for (const auto* qos : {"0", "1", "2"}) {
      ScriptBroker broker{[](Session& session) { session.serve(); }};
      auto client = pub(broker, {"-m", "hi", "-V", version, "-q", qos});
      CHECK(client.wait().code == 0);
      REQUIRE(broker.wait_for(PacketType::disconnect));
      const auto messages = broker.received(PacketType::publish);
      REQUIRE(messages.size() == 1);
      CHECK(messages[0].topic() == "a");
      CHECK(messages[0].payload() == "hi");
      CHECK(std::to_string(messages[0].qos()) == qos);
      CHECK(broker.received(PacketType::connect).at(0).connect_level() ==
            (*version == '5' ? 5 : 4));
    }
  }
}

TEST_CASE("support: a subscriber gets what the script publishes", "[support]") {
  for (const auto* version : {"311", "5"}) {
    ScriptBroker broker{[](Session& session) {
      session.accept_subscription();
      session.publish("t", "text", 1, 7);
      session.expect(PacketType::puback);
      session.serve();
    }};
    Process client{Command{"mosquitto_sub", "-h", "127.0.0.1", "-p", broker.port_text(), "-t", "t",
                           "-q", "1", "-C", "1", "-v", "-V", version}};
    CHECK(client.wait().out == "t text\n");
    CHECK(broker.received(PacketType::subscribe).at(0).filter() == "t");
    REQUIRE(broker.wait_for(PacketType::puback));
    CHECK(broker.received(PacketType::puback).at(0).id() == 7);
  }
}

TEST_CASE("support: a script refuses, and the next connection has the next script", "[support]") {
  ScriptBroker broker{{[](Session& session) {
                         session.expect(PacketType::connect);
                         session.connack(5);
                       },
                       [](Session& session) { session.serve(); }}};
  CHECK(pub(broker, {"-m", "hi"}).wait().code == 5);
  CHECK(pub(broker, {"-m", "hi"}).wait().code == 0);
  CHECK(broker.connections() == 2);
  CHECK(broker.received(PacketType::connect).at(1).connection == 1);
}

TEST_CASE("support: a silent broker ends with its client", "[support]") {
  ScriptBroker broker{[](Session& session) { session.stay_silent(); }};
  {
    auto client = pub(broker, {"-m", "hi"});
    REQUIRE(broker.wait_for(PacketType::connect));
    CHECK(client.running());
  }
  CHECK(broker.wait_for_end());
}

TEST_CASE("support: a broker that stops reading fills its client's socket", "[support]") {
  ScriptBroker broker{[](Session& session) { session.stop_reading(); }};
  auto socket = connect_to(broker.port());
  const std::string bytes(1 << 20, 'x');
  ssize_t sent = 0;
  for (int i = 0; i < 64 && sent >= 0; ++i)
    sent = send(socket.get(), bytes.data(), bytes.size(), 0);
  CHECK(sent == -1);
}

TEST_CASE("support: a broker can be taken down while its scripts wait", "[support]") {
  auto socket = Descriptor{};
  {
    ScriptBroker broker{[](Session& session) { session.stop_reading(); }};
    socket = connect_to(broker.port());
    CHECK(socket);
  }
  char byte = 0;
  pollfd ended{socket.get(), POLLIN, 0};
  CHECK(poll(&ended, 1, static_cast<int>(patience.count())) == 1);
  CHECK(recv(socket.get(), &byte, 1, 0) <= 0);
}

TEST_CASE("support: a packet's length takes as many bytes as it needs", "[support]") {
  CHECK(encode_length(127) == std::string{"\x7F"});
  CHECK(encode_length(128) == std::string{"\x80\x01"});
  CHECK(encode_length(268'435'455) == std::string{"\xFF\xFF\xFF\x7F"});
  PacketReader reader;
  const auto bytes = encode_packet(PacketType::publish, 0, std::string(20'000, 'x'));
  reader.add(std::string_view{bytes}.substr(0, 100));
  CHECK_FALSE(reader.next());
  reader.add(std::string_view{bytes}.substr(100));
  CHECK(reader.next()->body.size() == 20'000);
}
