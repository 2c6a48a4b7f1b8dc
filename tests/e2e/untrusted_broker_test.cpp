// SPDX-License-Identifier: MIT
//
// A broker that does what no broker should: each run ends in time, with the right code, over each
// transport, and what MQTT forbids is named and never tried again.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <string>
#include <vector>

using namespace mqtt_tools::support;

namespace {

using Script = ScriptBroker::Script;

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

void check_script(const Script& script, Program program, const char* version, int code,
                  const std::string& words, std::initializer_list<std::string> more = {}) {
  CAPTURE(version, words);
  Transports transports;
  ScriptBroker broker{script};
  auto command = transports.command(program, broker, {"-V", version});
  check_violation(broker, run(command.add(more)), code, words);
}

/// An acknowledgement as it should be, if its kind were right.
void acknowledge(Session& session, PacketType type, const Packet& packet) {
  auto body = encode_number(packet.id());
  const bool of_filters = type == PacketType::suback || type == PacketType::unsuback;
  if (of_filters && packet.level >= 5) body += encode_length(0);
  if (type == PacketType::suback || (of_filters && packet.level >= 5)) body += encode_byte(0);
  session.send(encode_packet(type, type == PacketType::pubrel ? 2 : 0, body));
}

std::string name_of(PacketType type) {
  static const std::vector<std::string> names{"",          "CONNECT",  "CONNACK",     "PUBLISH",
                                              "PUBACK",    "PUBREC",   "PUBREL",      "PUBCOMP",
                                              "SUBSCRIBE", "SUBACK",   "UNSUBSCRIBE", "UNSUBACK",
                                              "PINGREQ",   "PINGRESP", "DISCONNECT",  "AUTH"};
  return names.at(static_cast<std::size_t>(type));
}

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

TEST_CASE("a property that is cut short ends a run, over TCP, TLS and WebSocket") {
  Transports transports;
  for (const auto& transport : transports.all) {
    for (const auto program : {Program::publisher, Program::subscriber}) {
      CAPTURE(transport.web_socket, transport.tls != nullptr, program == Program::publisher);
      {
        ScriptBroker broker{[](Session& session) {
                              session.expect(PacketType::connect);
                              session.send(cut_property);
                              session.serve();
                            },
                            transport};
        check_violation(broker, run(transports.command(program, broker, {"--wait", "5"})), 3,
                        "MQTT 5.0 §");
      }
      for (const bool answered : {false, true}) {
        ScriptBroker broker{[answered, program](Session& session) {
                              session.accept();
                              const auto asked = session.expect(program == Program::publisher
                                                                    ? PacketType::publish
                                                                    : PacketType::subscribe);
                              if (answered && program == Program::subscriber) session.answer(asked);
                              session.send(cut_property);
                              session.serve();
                            },
                            transport};
        check_violation(broker, run(transports.command(program, broker, {"--wait", "5"})), 6,
                        "MQTT 5.0 §");
        // A will is published, and the server is told why: not a normal end.
        REQUIRE(broker.wait_for_end());
        const auto ends = broker.received(PacketType::disconnect);
        REQUIRE(ends.size() == 1);
        REQUIRE_FALSE(ends[0].body.empty());
        CHECK(static_cast<unsigned char>(ends[0].body[0]) >= 0x80);
      }
    }
  }
}

TEST_CASE("a packet before CONNACK ends a run under MQTT 3.1.1, too") {
  for (const auto program : {Program::publisher, Program::subscriber}) {
    check_script(
        [](Session& session) {
          session.expect(PacketType::connect);
          session.send(cut_property);
          session.serve();
        },
        program, "3.1.1", 3, "PUBLISH");
  }
}

TEST_CASE("after a violation under MQTT 3.1.1 the connection is closed without DISCONNECT") {
  Transports transports;
  for (const auto& transport : transports.all) {
    ScriptBroker broker{[](Session& session) {
                          session.accept_subscription();
                          session.send(encode_packet(PacketType::publish, 6, encode_text("t")));
                          session.serve();
                        },
                        transport};
    check_violation(broker, run(transports.command(Program::subscriber, broker, {"-V", "3.1.1"})),
                    6, "PUBLISH");
    REQUIRE(broker.wait_for_end());
    CHECK(broker.received(PacketType::disconnect).empty());
  }
}

TEST_CASE("messages that are not written after a violation are not taken for sent") {
  Transports transports;
  for (const auto& transport : transports.all) {
    ScriptBroker broker{[](Session& session) {
                          session.expect(PacketType::connect);
                          session.send("\x20\x03" + std::string(3, '\0') + cut_property);
                          session.serve();
                        },
                        transport};
    const Command command = transports.command(Program::publisher, broker, {"-q", "0"});
    const auto result = run(command);
    REQUIRE(broker.wait_for_end());
    CHECK((result.code == 6 || broker.received(PacketType::publish).size() == 1));
  }
}

TEST_CASE("an acknowledgement of another kind than the one waited for ends a run") {
  using enum PacketType;
  struct Wrong {
    PacketType asked;   ///< What is answered,
    int qos;            ///< of this QoS,
    bool after_pubrec;  ///< in this state,
    std::vector<PacketType> answers;
  };
  const std::vector<Wrong> list{
      {publish, 1, false, {pubrec, pubcomp, suback, unsuback}},
      {publish, 2, false, {puback, pubcomp, suback, unsuback}},
      {publish, 2, true, {puback, suback, unsuback}},
      {subscribe, 0, false, {puback, pubrec, pubcomp, unsuback}},
      {unsubscribe, 0, false, {puback, pubrec, pubcomp, suback}},
  };
  for (const auto* version : {"5", "3.1.1"}) {
    for (const auto& wrong : list) {
      for (const auto answer : wrong.answers) {
        CAPTURE(name_of(wrong.asked), wrong.qos, wrong.after_pubrec, name_of(answer));
        const auto program = wrong.asked == publish ? Program::publisher : Program::subscriber;
        const Script script = [&](Session& session) {
          session.accept();
          auto asked = session.expect(wrong.asked);
          if (wrong.after_pubrec) {
            session.pubrec(asked);
            asked = session.expect(pubrel);
          }
          acknowledge(session, answer, asked);
          session.serve();
        };
        const auto qos = std::to_string(wrong.qos);
        if (wrong.asked == unsubscribe) {
          check_script(script, program, version, 6, name_of(answer), {"-U", "old"});
        } else {
          check_script(script, program, version, 6, name_of(answer), {"-q", qos});
        }
      }
    }
  }
}

TEST_CASE("messages of QoS 2 that are never released are taken up to a limit") {
  for (const auto* version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Transports transports;
    ScriptBroker broker{[](Session& session) {
      session.accept_subscription();
      const std::string payload(100'000, 'q');
      for (int id = 1; id < 65'536; ++id) session.publish("t", payload, 2, id);
    }};
    const auto result =
        run(transports.command(Program::subscriber, broker, {"-q", "2", "-V", version}));
    check_exit_within(result, 6, 10s);
    CHECK(result.peak_resident < slowness * 300'000);
    CHECK(broker.connections() == 1);
  }
}

TEST_CASE("a Receive Maximum of zero is refused at once") {
  for (const auto program : {Program::publisher, Program::subscriber}) {
    check_script(
        [](Session& session) {
          session.expect(PacketType::connect);
          session.connack(0, bytes_of({0x21, 0, 0}));
          session.serve();
        },
        program, "5", 3, "a receive-maximum of 0");
  }
}

TEST_CASE("a topic alias that stands for nothing ends a run") {
  for (const int alias : {1, 9, 0, 65'535}) {
    CAPTURE(alias);
    check_script(
        [alias](Session& session) {
          session.accept_subscription();
          session.publish("", "payload", 0, 1, "\x23" + encode_number(alias));
          session.serve();
        },
        Program::subscriber, "5", 6, "MQTT 5.0 §");
  }
}

TEST_CASE("a SUBACK needs one code for each filter") {
  for (const auto* version : {"5", "3.1.1"}) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{2}, std::size_t{50'000}}) {
      CAPTURE(count);
      check_script(
          [count](Session& session) {
            session.accept();
            session.suback(session.expect(PacketType::subscribe), std::vector<int>(count, 0));
            session.serve();
          },
          Program::subscriber, version, 6, "SUBACK");
    }
  }
}

TEST_CASE("a packet above --max-packet ends a run as soon as its length is known") {
  Transports transports;
  struct Large {
    Program program;
    std::size_t size;
    std::vector<std::string> words;
  };
  const std::vector<Large> list{
      {Program::publisher, 1'100'000, {}},
      {Program::subscriber, 140'000'000, {}},
      {Program::subscriber, 268'435'455, {}},
      {Program::subscriber, 2'000, {"--max-packet", "1000"}},
      {Program::publisher, 2'000, {"--max-packet", "1000"}},
  };
  for (const auto* version : {"5", "3.1.1"}) {
    for (const auto& transport : transports.all) {
      for (const auto& large : list) {
        CAPTURE(version, large.size, transport.web_socket, transport.tls != nullptr);
        ScriptBroker server{[&](Session& session) {
                              session.accept();
                              if (large.program == Program::subscriber) {
                                session.answer(session.expect(PacketType::subscribe));
                              }
                              session.send("\x30" + encode_length(large.size) + encode_text("t"));
                              session.stay_silent();
                            },
                            transport};
        auto command = transports.command(large.program, server, {"-V", version});
        const auto result = run(command.add(large.words));
        check_violation(server, result, 6, "--max-packet");
        REQUIRE(server.wait_for_end());
        const auto ends = server.received(PacketType::disconnect);
        REQUIRE(ends.size() == (*version == '5' ? 1 : 0));
        if (!ends.empty()) CHECK(ends[0].body == "\x95");
        CHECK(result.peak_resident < slowness * 100'000);
      }
    }
  }
}
