// SPDX-License-Identifier: MIT
#include "support/programs.hpp"

#include "catch.hpp"

using namespace mqtt_tools::support;

namespace {

Command mosquitto(const std::string& program, const Broker& broker,
                  std::initializer_list<std::string> words) {
  return broker.command("/usr/bin/mosquitto_" + program, words);
}

}  // namespace

TEST_CASE("support: a private broker takes and gives messages", "[support]") {
  Broker broker;
  CHECK(run(mosquitto("pub", broker, {"-t", "a", "-m", "hi", "-r"})).code == 0);
  CHECK(run(mosquitto("sub", broker, {"-t", "a", "-C", "1"})).out == "hi\n");
}

TEST_CASE("support: a broker listens on IPv6 only", "[support]") {
  if (!has_ipv6()) return skip("there is no IPv6 here");
  BrokerOptions options;
  options.family = Family::ipv6;
  Broker broker{options};
  CHECK(run(mosquitto("pub", broker, {"-t", "a", "-m", "hi"})).code == 0);
  CHECK_FALSE(connect_to(broker.port()));
}

TEST_CASE("support: a broker with users refuses others", "[support]") {
  BrokerOptions options;
  options.users = {{"me", "secret"}};
  options.acl = "user me\ntopic readwrite allowed\n";
  Broker broker{options};
  CHECK(run(mosquitto("pub", broker, {"-t", "allowed", "-m", "hi"})).code != 0);
  const auto publish = [&](const char* topic) {
    return run(mosquitto(
        "pub", broker,
        {"-u", "me", "-P", "secret", "-V", "5", "-q", "1", "-t", topic, "-m", "hi", "-d"}));
  };
  CHECK(publish("allowed").out.find("RC:135") == std::string::npos);
  CHECK(publish("forbidden").out.find("RC:135") != std::string::npos);
}

TEST_CASE("support: a persistent broker remembers over a restart on the same port", "[support]") {
  BrokerOptions options;
  options.persistence = true;
  Broker broker{options};
  const int port = broker.port();
  CHECK(run(mosquitto("pub", broker, {"-t", "a", "-m", "kept", "-r", "-q", "1"})).code == 0);
  broker.stop();
  CHECK_FALSE(connect_to(port));
  broker.start();
  CHECK(run(mosquitto("sub", broker, {"-t", "a", "-C", "1"})).out == "kept\n");
  broker.kill();
  broker.start();
  CHECK(broker.port() == port);
  CHECK(connect_to(port));
}

TEST_CASE("support: many brokers find ports at once", "[support]") {
  Broker one;
  Broker two;
  Broker three;
  CHECK(one.port() != two.port());
  CHECK(two.port() != three.port());
}

TEST_CASE("support: a broker that is away keeps its port, where nobody answers", "[support]") {
  Broker broker;
  broker.stop();
  CHECK_FALSE(connect_to(broker.port()));
  CHECK_FALSE(keep_port(Family::ipv4, broker.port()));
  Process other{{"/usr/sbin/mosquitto", "-p", broker.port_text()}};
  CHECK(other.wait_for_err("Address already in use"));
  broker.start();
  CHECK(connect_to(broker.port()));
}

TEST_CASE("support: a closed port is nobody's", "[support]") {
  const int port = closed_port();
  CHECK(port != closed_port());
  CHECK_FALSE(connect_to(port));
  CHECK_FALSE(keep_port(Family::ipv4, port));
}
