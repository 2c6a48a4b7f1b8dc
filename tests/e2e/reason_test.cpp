// SPDX-License-Identifier: MIT
//
// What a broker says beside its codes: reason strings, other servers, and codes that are no error.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

/// Reason string and server reference (MQTT 5.0 §3.2.2.3.9, §3.2.2.3.16), with what a terminal
/// would obey.
const std::string reason = "\x1f" + encode_text("ask \x1b[31mJoe");
const std::string reference = "\x1c" + encode_text("other.example:1883");
const std::string shown = "ask \\x1b[31mJoe";

std::string with_id(const Packet& packet, int code, const std::string& properties) {
  return encode_number(packet.id()) + encode_byte(code) + encode_bytes(properties);
}

/// SUBACK and UNSUBACK have their codes behind the properties.
std::string answer_of(const Packet& packet, int code, const std::string& properties) {
  return encode_number(packet.id()) + encode_bytes(properties) + encode_byte(code);
}

/// Answers the first PUBLISH in its own way, and goes on as a broker should.
ScriptBroker::Script publish_answered_by(PacketType type, int code, const std::string& said) {
  return [=](Session& session) {
    session.accept();
    const auto publish = session.expect(PacketType::publish);
    if (type == PacketType::pubcomp) {
      session.pubrec(publish);
      session.expect(PacketType::pubrel);
    }
    session.send(encode_packet(type, 0, with_id(publish, code, said)));
    session.serve();
  };
}

Result publish(const ScriptBroker& broker, const std::string& qos) {
  return run(pub(broker.port(), {"t", "hi", "-q", qos, "-v", "--ack-timeout", "5"}));
}

bool has(const Result& result, const std::string& text) {
  return result.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("an acknowledgement that says more than success is shown with -v, escaped") {
  const auto packet = GENERATE(PacketType::puback, PacketType::pubrec, PacketType::pubcomp);
  if (packet == PacketType::pubcomp) {
    const ScriptBroker broker{publish_answered_by(packet, 0x92, reason)};
    const auto result = publish(broker, "2");
    CHECK(has(result, "packet identifier not found: " + shown));
    return;
  }
  const ScriptBroker broker{publish_answered_by(packet, 0x10, reason)};
  const auto result = publish(broker, packet == PacketType::puback ? "1" : "2");
  check_exit(result, 0);
  CAPTURE(result.err);
  CHECK(has(result, "message 1 acknowledged after "));
  CHECK(has(result, " ms: no matching subscribers: " + shown + "\n"));
}

TEST_CASE("a reason string beside success is shown with -v, and not without") {
  const ScriptBroker broker{publish_answered_by(PacketType::puback, 0, reason)};
  CHECK(has(publish(broker, "1"), " ms: success: " + shown + "\n"));
  const auto quiet = run(pub(broker.port(), {"t", "hi"}));
  check_exit(quiet, 0);
  CHECK(quiet.err.empty());
}

TEST_CASE("a denied message is told with the broker's own reason") {
  const auto packet = GENERATE(PacketType::puback, PacketType::pubrec);
  const ScriptBroker broker{publish_answered_by(packet, 0x97, reason)};
  const auto result = publish(broker, packet == PacketType::puback ? "1" : "2");
  check_exit(result, 5);
  CHECK(has(result, "to t: quota exceeded: " + shown));
}

TEST_CASE("with QoS 0 a message is written, and only with an acknowledgement acknowledged") {
  const ScriptBroker broker{[](Session& session) {
    session.accept();
    session.serve();
  }};
  const auto written = publish(broker, "0");
  check_exit(written, 0);
  CHECK(has(written, "message 1 written after "));
  CHECK_FALSE(has(written, "acknowledged"));
  CHECK(has(publish(broker, "1"), "message 1 acknowledged after "));
}

TEST_CASE("a refused connection is told with the broker's reason and the server that it names") {
  const ScriptBroker broker{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0x9D, reason + reference);
    session.close();
  }};
  const auto command =
      GENERATE(false, true) ? pub(broker.port(), {"t", "hi"}) : sub(broker.port(), {"t"});
  const auto result = run(command);
  check_exit(result, 4);
  CHECK(has(result,
            "refused the connection: server moved (" + shown + "; it names other.example:1883)"));
}

TEST_CASE("what a broker says when it accepts a connection is shown with -v") {
  const ScriptBroker broker{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0, reason);
    session.serve();
  }};
  const auto result = publish(broker, "1");
  check_exit(result, 0);
  CHECK(has(result, ", MQTT 5; it says: " + shown + "\n"));
}

TEST_CASE("a denied subscription is told with the broker's reason, a granted one with -v") {
  const int code = GENERATE(0x87, 1);
  const ScriptBroker broker{[code](Session& session) {
    session.accept();
    const auto subscribe = session.expect(PacketType::subscribe);
    session.send(encode_packet(PacketType::suback, 0, answer_of(subscribe, code, reason)));
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"-t", "f", "-E", "-d"}));
  CAPTURE(result.err);
  if (code == 1) {
    check_exit(result, 0);
    CHECK(has(result, "subscribed to f: " + shown + "\n"));
  } else {
    check_exit(result, 5);
    CHECK(has(result, "denied the subscription to f: not authorized (" + shown + ")"));
  }
}

TEST_CASE("an answer to UNSUBSCRIBE that says more than success is told") {
  const int code = GENERATE(0x87, 0x11, 0);
  const ScriptBroker broker{[code](Session& session) {
    session.accept();
    const auto unsubscribe = session.expect(PacketType::unsubscribe);
    session.send(encode_packet(PacketType::unsuback, 0, answer_of(unsubscribe, code, reason)));
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"-U", "u", "-t", "f", "-E", "-d"}));
  CAPTURE(result.err);
  if (code < 0x80) {
    check_exit(result, 0);
    const std::string words = code == 0 ? "success" : "no subscription existed";
    CHECK(has(result, "unsubscribed from u: " + words + " (" + shown + ")"));
  } else {
    check_exit(result, 5);
    CHECK(has(result, "refused to unsubscribe us from u: not authorized (" + shown + ")"));
  }
}

TEST_CASE("a DISCONNECT is told with the broker's reason and the server that it names") {
  const ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.disconnect(0x9C, reason + reference);
    session.close();
  }};
  const auto result = run(sub(broker.port(), {"f"}));
  check_exit(result, 6);
  CHECK(has(result, "use another server (" + shown + "; it names other.example:1883)"));
}

TEST_CASE("a client id that seems to be used twice is asked about with the second quick loss") {
  const ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.close();
  }};
  const auto result = run(sub(broker.port(), {"f", "-i", "mine"}));
  check_exit(result, 6);
  const auto question = result.err.find("is another client using id mine? Reconnecting");
  CHECK(result.err.find("reconnecting") < question);
  CHECK(question != std::string::npos);
  CHECK(run(sub(broker.port(), {"f"})).err.find("another client using") == std::string::npos);
}
