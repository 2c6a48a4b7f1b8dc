// SPDX-License-Identifier: MIT
//
// QoS 2 messages of a session that outlives its connection (MQTT 5.0 §4.3.3, §4.4): a broker that
// lost our answers repeats itself, one that lost its memory uses an id anew.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

/// CONNACK of a session that was kept, and the SUBSCRIBE granted, if one comes.
void take_back(Session& session) {
  session.expect(PacketType::connect);
  session.connack(0, {}, 1);
}

Command subscriber(const ScriptBroker& broker, const std::string& version, int count) {
  return sub(broker.port(), {"t", "-i", "qos2-test", "-c", "-q", "2", "-V", version, "-o", "raw",
                             "-C", std::to_string(count), "-W", "20", "--reconnect-max", "0.05"});
}

/// QoS 2 message `payload` with id 7.
std::string message(const Session& session, const std::string& payload, bool duplicate) {
  const std::string head = encode_text("t") + std::string{"\0\7", 2};
  const bool five = session.level() == 5;
  return encode_packet(PacketType::publish, duplicate ? 12 : 4,
                       head + (five ? encode_length(0) : "") + payload);
}

/// Sends it and waits for PUBREC.
void send_unreleased(Session& session, const std::string& payload, bool duplicate) {
  session.send(message(session, payload, duplicate));
  session.expect(PacketType::pubrec);
}

void release(Session& session) {
  session.send(encode_packet(PacketType::pubrel, 2, std::string{"\0\7", 2}));
  session.expect(PacketType::pubcomp);
}

}  // namespace

TEST_CASE("a QoS 2 message with the id of one that was not released, but without DUP, is shown") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  ScriptBroker broker{[](Session& session) {
    if (session.connection() == 1) {
      session.accept_subscription();
      send_unreleased(session, "before", false);
      session.close();
    }
    take_back(session);
    send_unreleased(session, "after", false);
    release(session);
    session.publish("t", "end");
    session.serve();
  }};
  const auto result = run(subscriber(broker, version, 3));
  check_exit(result, 0);
  CHECK(result.out == "before\nafter\nend\n");
}

TEST_CASE("a QoS 2 message that is repeated after a reconnect is shown once") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  ScriptBroker broker{[](Session& session) {
    if (session.connection() == 1) {
      session.accept_subscription();
      send_unreleased(session, "once", false);
      session.close();
    }
    take_back(session);
    send_unreleased(session, "once", true);
    release(session);
    session.publish("t", "end");
    session.serve();
  }};
  const auto result = run(subscriber(broker, version, 2));
  check_exit(result, 0);
  CHECK(result.out == "once\nend\n");
}

TEST_CASE("a QoS 2 message that a loss cut off is shown when it is repeated") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  ScriptBroker broker{[](Session& session) {
    if (session.connection() == 1) {
      session.accept_subscription();
      const auto whole = message(session, "whole", false);
      session.send(std::string_view{whole}.substr(0, whole.size() - 1));
      session.close();
    }
    take_back(session);
    send_unreleased(session, "whole", true);
    release(session);
    session.publish("t", "end");
    session.serve();
  }};
  const auto result = run(subscriber(broker, version, 2));
  check_exit(result, 0);
  CHECK(result.out == "whole\nend\n");
}

TEST_CASE("a QoS 2 message that is only released after a reconnect is shown once") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  ScriptBroker broker{[](Session& session) {
    if (session.connection() == 1) {
      session.accept_subscription();
      send_unreleased(session, std::string(100'000, 'x'), false);
      session.close();
    }
    take_back(session);
    if (session.connection() == 2) session.close();  // and over one more connection
    release(session);
    session.publish("t", "end");
    session.serve();
  }};
  const auto result = run(subscriber(broker, version, 2));
  check_exit(result, 0);
  CHECK(result.out == std::string(100'000, 'x') + "\nend\n");
}

TEST_CASE("a session that the broker did not keep begins with no id in use") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    if (session.connection() == 1) {
      send_unreleased(session, "old", false);
      session.close();
    }
    send_unreleased(session, "new", true);
    release(session);
    session.publish("t", "end");
    session.serve();
  }};
  const auto result = run(subscriber(broker, version, 3));
  check_exit(result, 0);
  CHECK(result.out == "old\nnew\nend\n");
}

TEST_CASE("a QoS 2 message that was acknowledged and not released is shown before a run ends") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    send_unreleased(session, "shown", false);
    session.serve();
  }};
  const auto result = run(subscriber(broker, version, 2).add({"--duration", "0.5"}));
  CHECK(result.out == "shown\n");
}

TEST_CASE("QoS 2 messages beyond --count stay with the broker for the next run") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  Broker broker;
  const auto next = [&](std::vector<std::string> words) {
    return run(broker.sub({"t", "-c", "-i", "qos2-test", "-q", "2", "-V", version}).add(words));
  };
  check_exit(next({"-E"}), 0);
  check_exit(run(broker.pub({"t", "-q", "2", "--raw", "-l"}).input("1\n2\n3\n4\n5\n6\n")), 0);
  for (const std::string wanted : {"1\n", "2\n", "3\n4\n5\n", "6\n"}) {
    const auto count = std::to_string(wanted.size() / 2);
    CHECK(next({"-C", count, "-W", "10"}).out == wanted);
  }
}
