// SPDX-License-Identifier: MIT
//
// A broker that does what no broker should: each run ends in time, with the right code.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

using Script = ScriptBroker::Script;

enum class Program { publisher, subscriber };

struct Case {
  const char* name;
  Script script;
  Program program;
  int code;
  const char* words;  ///< What stderr names.
};

Script refuse(int code) {
  return [code](Session& session) {
    session.expect(PacketType::connect);
    session.connack(code);
  };
}

Script grant(std::vector<int> codes) {
  return [codes](Session& session) {
    session.accept();
    session.suback(session.expect(PacketType::subscribe), codes);
    session.serve();
  };
}

Script answer_publish(std::function<void(Session&, const Packet&)> answer) {
  return [answer](Session& session) {
    session.accept();
    answer(session, session.expect(PacketType::publish));
    session.serve();
  };
}

/// Subscription granted, then these bytes.
Script then_send(std::string bytes) {
  return [bytes](Session& session) {
    session.accept_subscription();
    session.send(bytes);
    session.serve();
  };
}

Script then_disconnect(int reason) {
  return [reason](Session& session) {
    session.accept_subscription();
    session.disconnect(reason);
  };
}

const std::string bad_topic =
    encode_packet(PacketType::publish, 0, encode_text("t\xFF\xC0") + encode_length(0) + "payload");
const std::string endless = "\x30\xFF\xFF\xFF\xFF\x7F";

}  // namespace

TEST_CASE("a broker out of its mind ends a run with the right code") {
  constexpr auto publisher = Program::publisher;
  constexpr auto subscriber = Program::subscriber;
  const std::vector<Case> cases{
      {"CONNACK 4", refuse(4), publisher, 4, "password"},
      {"CONNACK 5", refuse(5), publisher, 4, "authori"},
      {"CONNACK 0x86", refuse(0x86), publisher, 4, "password"},
      {"CONNACK 0x87", refuse(0x87), subscriber, 4, "authori"},
      {"SUBACK 0x80", grant({0x80}), subscriber, 5, "t/filter"},
      {"SUBACK 0x87", grant({0x87}), subscriber, 5, "t/filter"},
      {"SUBACK of an unknown QoS", grant({3}), subscriber, 6, ""},
      {"an empty SUBACK", grant({}), subscriber, 6, ""},
      {"a PUBLISH with a bad topic", then_send(bad_topic), subscriber, 6, ""},
      {"a length without end", then_send(endless), subscriber, 6, ""},
      {"DISCONNECT 0x8E", then_disconnect(0x8E), subscriber, 6, "another client"},
      {"DISCONNECT 0x87", then_disconnect(0x87), subscriber, 5, "authori"},
      {"PUBACK 0x87", answer_publish([](Session& session, const Packet& message) {
         session.puback(message, 0x87);
       }),
       publisher, 5, "t/topic"},
      {"PUBACK 0x97", answer_publish([](Session& session, const Packet& message) {
         session.puback(message, 0x97);
       }),
       publisher, 5, "quota"},
      {"close after PUBLISH, each time",
       answer_publish([](Session& session, const Packet&) { session.close(); }), publisher, 6, "1"},
      {"reset after PUBLISH, each time",
       answer_publish([](Session& session, const Packet&) { session.reset(); }), publisher, 6, "1"},
      {"never PUBACK",
       answer_publish([](Session& session, const Packet&) { session.stay_silent(); }), publisher, 6,
       "1"},
      {"close after CONNECT", [](Session& session) { session.expect(PacketType::connect); },
       publisher, 3, "closed"},
      {"close at once", [](Session&) {}, subscriber, 3, "closed"},
      {"no MQTT at all",
       [](Session& session) {
         session.send("HTTP/1.1 400 Bad Request\r\n\r\n");
         session.stay_silent();
       },
       subscriber, 3, ""},
  };
  for (const auto& [name, script, program, code, words] : cases) {
    CAPTURE(name);
    ScriptBroker broker{script};
    const auto result =
        program == publisher
            ? run(pub(broker.port(),
                      {"t/topic", "hi", "--ack-timeout", "2", "--connect-timeout", "2"}))
            : run(sub(broker.port(),
                      {"t/filter", "-W", "8", "--connect-timeout", "2", "--reconnect-max", "0.1"}));
    check_exit_within(result, code, 5s);
    CHECK(result.out.empty());
    CHECK(result.err.find(words) != std::string::npos);
  }
}

TEST_CASE("a PUBACK without matching subscribers is a success") {
  ScriptBroker broker{answer_publish(
      [](Session& session, const Packet& message) { session.puback(message, 0x10); })};
  check_exit_within(run(pub(broker.port(), {"t", "hi"})), 0, 1s);
}

TEST_CASE("how many of many messages were denied is said") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.puback(session.expect(PacketType::publish));
    session.puback(session.expect(PacketType::publish), 0x87);
    session.serve();
  }};
  const auto result = run(pub(broker.port(), {"t", "-l", "--window", "1"}), sequence(1, 100));
  check_exit(result, 5);
  CHECK(result.err.find("1 of ") != std::string::npos);
  CHECK(broker.received(PacketType::publish).size() < 100);
}

TEST_CASE("a broker that stops reading ends a publisher in time") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.stop_reading();
  }};
  for (const auto* qos : {"0", "1", "2"}) {
    CAPTURE(qos);
    const auto result = run(pub(broker.port(), {"t", "-s", "-q", qos, "--ack-timeout", "1"}),
                            std::string(20'000'000, 'x'));
    check_exit_within(result, 6, 5s);
  }
}

TEST_CASE("what a broker says is not shown as it is") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    // Reason String, MQTT 5.0 §3.14.2.2.3
    session.disconnect(0x98, "\x1F" + encode_text("\x1B[31mred\x07"));
  }};
  const auto result = run(sub(broker.port(), {"t"}));
  check_exit_within(result, 6, 2s);
  CHECK(result.err.find('\x1B') == std::string::npos);
  CHECK(result.err.find('\x07') == std::string::npos);
  CHECK(result.err.find("red") != std::string::npos);
}
