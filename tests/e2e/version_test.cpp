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

/// As brokers do that never heard of MQTT 5: without properties.
void say_1_in_the_old_form(Session& session) {
  session.send(encode_packet(PacketType::connack, 0, std::string("\0\x01", 2)));
}

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
  ScriptBroker broker{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(1);
  }};
  check_exit_within(run(pub(broker.port(), {"t", "hi"})), 4, 1s);
  CHECK(levels(broker) == fallen_back);
}

TEST_CASE("silence is no reason to fall back, nor is another refusal") {
  ScriptBroker silent{[](Session& session) { session.stay_silent(); }};
  check_exit(run(pub(silent.port(), {"t", "hi", "--connect-timeout", "1"})), 3);
  CHECK(levels(silent) == std::vector<int>{5});

  ScriptBroker refusing{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0x86);
  }};
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
    ScriptBroker broker{[](Session& session) {
      session.expect(PacketType::connect);
      session.connack(1);
    }};
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
