// SPDX-License-Identifier: MIT
//
// MQTT 5, and once 3.1.1 when the broker does not speak it.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

std::vector<int> levels(const ScriptBroker& broker) {
  std::vector<int> levels;
  for (const auto& packet : broker.received(PacketType::connect)) {
    levels.push_back(packet.connect_level());
  }
  return levels;
}

/// Answers MQTT 5 as told, and serves what is older.
ScriptBroker::Script only_older(const ScriptBroker::Script& answer) {
  return [answer](Session& session) {
    const auto packet = session.expect(PacketType::connect);
    if (packet.connect_level() == 5) return answer(session);
    session.connack(0);
    session.serve();
  };
}

ScriptBroker::Script say(int code) {
  return [code](Session& session) { session.connack(code); };
}

ScriptBroker::Script refuse(int code) {
  return [code](Session& session) {
    session.expect(PacketType::connect);
    session.connack(code);
  };
}

/// As brokers do that never heard of MQTT 5: without properties.
void say_1_in_the_old_form(Session& session) {
  session.send(encode_packet(PacketType::connack, 0, std::string("\0\x01", 2)));
}

/// Serves the version `level` until it is subscribed to, and loses the connection then.
ScriptBroker::Script lose(int level) {
  return [level](Session& session) {
    if (session.expect(PacketType::connect).connect_level() != level) return say(1)(session);
    session.connack(0);
    session.suback(session.expect(PacketType::subscribe), {1});
  };
}

void close_unanswered(Session& session) {
  session.expect(PacketType::connect);
  session.close();
}

/// Of a ClientHello, which asks whether TLS is spoken where a connection was closed.
void ignore(Session&) {}

const std::vector<int> fallen_back{5, 4};

}  // namespace

TEST_CASE("a broker that does not speak MQTT 5 is asked once again in 3.1.1") {
  const std::vector<std::pair<const char*, ScriptBroker::Script>> answers{
      {"1", say_1_in_the_old_form}, {"0x84", say(0x84)}, {"close", [](Session&) {}}};
  for (const auto& [name, answer] : answers) {
    CAPTURE(name);
    ScriptBroker broker{only_older(answer)};
    check_exit_within(run(pub(broker.port(), {"t", "hi"})), 0, 1s);
    CHECK(levels(broker) == fallen_back);
    const auto connects = broker.received(PacketType::connect);
    CHECK(connects.at(0).client_id() == connects.at(1).client_id());

    ScriptBroker again{only_older(answer)};
    check_exit_within(run(sub(again.port(), {"t", "-E"})), 0, 1s);
    CHECK(levels(again) == fallen_back);
  }
}

TEST_CASE("the fall-back is tried once only") {
  ScriptBroker broker{refuse(1)};
  check_exit_within(run(pub(broker.port(), {"t", "hi"})), 4, 1s);
  CHECK(levels(broker) == fallen_back);
}

TEST_CASE("silence is no reason to fall back, nor is another refusal") {
  ScriptBroker silent{[](Session& session) { session.stay_silent(); }};
  check_exit(run(pub(silent.port(), {"t", "hi", "--connect-timeout", "1"})), 3);
  CHECK(levels(silent) == std::vector<int>{5});

  ScriptBroker refusing{refuse(0x86)};
  check_exit(run(pub(refusing.port(), {"t", "hi"})), 4);
  CHECK(levels(refusing) == std::vector<int>{5});
}

TEST_CASE("the version asked for is the only one tried") {
  struct Case {
    const char* version;
    int level;
  };
  for (const auto& [version, level] : {Case{"5", 5},
                                       {"5.0", 5},
                                       {"mqttv5", 5},
                                       {"3.1.1", 4},
                                       {"311", 4},
                                       {"4", 4},
                                       {"mqttv311", 4},
                                       {"3.1", 3},
                                       {"31", 3},
                                       {"3", 3},
                                       {"mqttv31", 3}}) {
    CAPTURE(version);
    ScriptBroker broker{refuse(1)};
    check_exit(run(pub(broker.port(), {"t", "hi", "-V", version})), 4);
    CHECK(levels(broker) == std::vector<int>{level});
  }
  check_exit(run({"mqtt-pub", "t", "hi", "-V", "6"}), 2);
}

TEST_CASE("an option that only MQTT 5 has turns the fall-back off") {
  ScriptBroker broker{only_older(say(0x84))};
  const auto result =
      run(pub(broker.port(), {"t", "hi", "-D", "publish", "user-property", "k", "v"}));
  check_exit(result, 4);
  CHECK(levels(broker) == std::vector<int>{5});
  check_exit(run(sub(broker.port(), {"t", "--no-local", "-V", "3.1.1"})), 2);
}

TEST_CASE("a broker may speak another version after a restart") {
  const std::vector<ScriptBroker::Script> answers{say_1_in_the_old_form, say(0x84),
                                                  [](Session&) {}};
  for (const auto& answer : answers) {
    ScriptBroker older{{lose(5), only_older(answer)}};
    Process process{sub(older.port(), {"t", "--reconnect-max", "0.1"})};
    REQUIRE(process.wait_for_err(" is back"));
    CHECK(levels(older) == std::vector<int>{5, 5, 4});
  }
  // And one that was asked in 3.1.1, and now has no other than MQTT 5.
  ScriptBroker newer{{close_unanswered, ignore, lose(4), [](Session& session) {
                        if (session.expect(PacketType::connect).connect_level() != 5) return;
                        session.connack(0);
                        session.serve();
                      }}};
  Process process{sub(newer.port(), {"t", "--reconnect-max", "0.1"})};
  REQUIRE(process.wait_for_err(" is back"));
  CHECK(levels(newer) == std::vector<int>{5, 4, 4, 5});
}

TEST_CASE("a broker that is not up yet has not changed its version") {
  // What stands before it closes the connections that come meanwhile.
  ScriptBroker broker{
      {lose(5), close_unanswered, ignore, refuse(1), [](Session& session) { session.serve(); }}};
  Process process{sub(broker.port(), {"t", "--reconnect-max", "0.1"})};
  REQUIRE(process.wait_for_err(" is back"));
  CHECK(levels(broker) == std::vector<int>{5, 5, 4, 5});
}

TEST_CASE("the next host may speak another version") {
  ScriptBroker first{{lose(5), refuse(0x88)}};
  ScriptBroker second{only_older(say(0x84))};
  Process process{
      sub(first.port(), {"t", "--reconnect-max", "0.1", "-h", "127.0.0.1:" + second.port_text()})};
  REQUIRE(process.wait_for_err(" is back"));
  CHECK(levels(second) == fallen_back);
}

TEST_CASE("where a host does not speak the version, or points to another, the next is asked") {
  const int code = GENERATE(0x84, 0x9C, 0x9D);
  ScriptBroker first{refuse(code)};
  const auto tried = [&first](const ScriptBroker& next) {
    const auto second = "127.0.0.1:" + next.port_text();
    return run(pub(first.port(), {"-h", second, "t", "hi", "-V", "5"}));
  };
  ScriptBroker speaks{[](Session& session) { session.serve(); }};
  check_exit(tried(speaks), 0);
  ScriptBroker neither{refuse(code)};
  check_exit(tried(neither), 4);
  CHECK(levels(first) == std::vector<int>{5, 5});
}

TEST_CASE("an option that only MQTT 5 has is named when the broker no longer speaks that") {
  ScriptBroker broker{{lose(5), only_older(say(0x84))}};
  const auto result = run(sub(broker.port(), {"t", "--no-local", "--reconnect-max", "0.1"}));
  check_exit(result, 4);
  CHECK(result.err.find("--no-local needs MQTT 5") != std::string::npos);
}
