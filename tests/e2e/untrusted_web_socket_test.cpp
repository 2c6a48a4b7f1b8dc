// SPDX-License-Identifier: MIT
//
// A WebSocket server that does what RFC 6455 forbids, or too much of what it allows.

#include "catch.hpp"
#include "support/script_broker.hpp"

#include <string>
#include <vector>

using namespace mqtt_tools::support;

namespace {

const Transport web_socket{{}, true};
const auto ping = encode_frame(Frame::ping, std::string(125, 'p'));
const auto empty = encode_frame(Frame::binary, "");

std::string times(int count, const std::string& bytes) {
  std::string text;
  for (; count > 0; --count) text += bytes;
  return text;
}

/// Without end, and without reading.
[[noreturn]] void flood_with(Session& session, const std::string& bytes) {
  while (true) session.send_unframed(bytes);
}

}  // namespace

TEST_CASE("WebSocket frames that RFC 6455 forbids end a run") {
  struct Forbidden {
    std::string frames;
    const char* rule;
  };
  const auto legal = encode_packet(PacketType::publish, 0, encode_text("t"));
  const std::vector<Forbidden> list{
      {"\xC2\x7F" + std::string(100, '\xFF'), "RFC 6455 §5.2"},
      {bytes_of({0x82, 0x84, 1, 2, 3, 4, 0x31, 0, 0, 0}) +
           bytes_of({0x82, 0x7F, 0, 0, 1, 0, 0, 0, 0, 0}),
       "RFC 6455 §5.1"},
      {bytes_of({0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0}), "RFC 6455 §5.2"},
      {bytes_of({0x82, 0x7E, 0, 2}) + "\xD0", "RFC 6455 §5.2"},
      {encode_frame(3, legal), "RFC 6455 §5.2"},
      {encode_frame(Frame::text, legal), "MQTT 5.0 §6"},
      {encode_frame(Frame::continuation, legal), "RFC 6455 §5.4"},
      {encode_frame(Frame::ping, "p", false), "RFC 6455 §5.5"},
      {encode_frame(Frame::ping, std::string(126, 'p')), "RFC 6455 §5.5"},
      {encode_frame(Frame::close, "x"), "RFC 6455 §5.5"},
  };
  Transports transports;
  for (const auto& [frames, rule] : list) {
    for (const auto program : {Program::publisher, Program::subscriber}) {
      CAPTURE(rule, frames.size(), program == Program::publisher);
      ScriptBroker before{[&](Session& session) {
                            session.expect(PacketType::connect);
                            session.send_unframed(frames);
                            session.serve();
                          },
                          web_socket};
      check_violation(before, run(transports.command(program, before, {})), 3, rule);
      ScriptBroker after{[&](Session& session) {
                           session.accept();
                           session.send_unframed(frames);
                           session.serve();
                         },
                         web_socket};
      check_violation(after, run(transports.command(program, after, {})), 6, rule);
    }
  }
}

TEST_CASE("a server that brings MQTT within an answer of HTTP is not believed") {
  // Paho would take what begins with HTTP/ for packets, on a connection that asked for none.
  const auto packets = "HTTP/1.1 101 x\r\n" + std::string(75, 'x') + cut_property;
  const std::vector<std::string> answers{
      packets, packets + "\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n" + cut_property,
      "HTTP/1.0 101 x\r\n\r\n" + encode_frame(Frame::binary, cut_property)};
  for (const auto& answer : answers) {
    for (const bool web_socket : {false, true}) {
      for (const auto program : {Program::publisher, Program::subscriber}) {
        CAPTURE(answer.substr(0, 20), answer.size(), web_socket);
        ScriptBroker broker{[&](Session& session) {
          if (web_socket) session.read_head();
          if (!web_socket) session.expect(PacketType::connect);
          session.send_unframed(answer);
          session.stay_silent();
        }};
        const auto url =
            (web_socket ? "ws://127.0.0.1:" : "mqtt://127.0.0.1:") + broker.port_text();
        auto command = program == Program::publisher ? Command{"mqtt-pub", "-L", url, "t", "hi"}
                                                     : Command{"mqtt-sub", "-L", url, "t"};
        check_exit_within(run(command.add({"--connect-timeout", "1.5"})), 3, 3s);
      }
    }
  }
}

TEST_CASE("a flood over WebSocket takes no memory, and a message within it arrives") {
  Transports transports;
  const auto flood = times(1'000, ping + empty + encode_frame(Frame::pong, "pong"));
  ScriptBroker broker{[&](Session& session) {
                        session.accept_subscription();
                        const auto message = encode_packet(
                            PacketType::publish, 0,
                            encode_text("t") + encode_length(0) + std::string(200'000, 'm'));
                        session.send(message.substr(0, 100));
                        for (int i = 0; i < 300; ++i) session.send_unframed(flood);
                        session.send(message.substr(100));
                        session.serve();
                      },
                      web_socket};
  const auto result = run(transports.command(Program::subscriber, broker, {"-C", "1"}));
  check_exit(result, 0);
  CHECK(result.out.size() == 200'001);
  CHECK(result.peak_resident < slowness * 100'000);
}

TEST_CASE("a flood without end does not keep a run from its limits") {
  Transports transports;
  for (const auto& frames :
       {ping, empty, encode_frame(Frame::pong, "pong"),
        encode_frame(Frame::binary, "", false) + encode_frame(Frame::continuation, "")}) {
    CAPTURE(frames.size());
    ScriptBroker broker{[&](Session& session) {
                          session.accept_subscription();
                          flood_with(session, times(500, frames));
                        },
                        web_socket};
    const auto result = run(transports.command(Program::subscriber, broker, {"-W", "2"}));
    check_exit_within(result, 27, 4s);
    CHECK(result.peak_resident < slowness * 100'000);
  }
}

TEST_CASE("pings of a server that does not read do not keep a publisher from its limits") {
  ScriptBroker broker{[&](Session& session) {
                        session.accept();
                        flood_with(session, times(500, ping));
                      },
                      web_socket};
  const Command command{"mqtt-pub", "-L", broker.url(), "t", "-l", "--ack-timeout", "2"};
  const auto result = run(command, times(2'000, std::string(10'000, 'x') + "\n"));
  check_exit_within(result, 6, 6s);
}

TEST_CASE("pings of a server that reads only later are answered as they came, or not at all") {
  if (!shortened_waits()) return skip("Paho alone reads no more than a packet a frame");
  Transports transports;
  ScriptBroker broker{[&](Session& session) {
                        session.accept_subscription();
                        // One of those that are read together is answered: 131 bytes for 16 KiB,
                        // until the client's socket is full.
                        const auto flood = times(2'000, ping);
                        for (int i = 0; i < 2'500; ++i) session.send_unframed(flood);
                        session.publish("t", "done");
                        session.serve();
                      },
                      web_socket};
  const auto result = run(transports.command(Program::subscriber, broker, {"-C", "1"}));
  check_exit(result, 0);
  CHECK(result.out == "done\n");
  // It reads what a good client sends, up to its DISCONNECT.
  CHECK(broker.wait_for(PacketType::disconnect));
}

TEST_CASE("an answer of HTTP without end is refused") {
  const std::vector<std::string> answers{
      "HTTP/1.1 101 Switching Protocols\r\nA: ",
      "HTTP/1.1 403 Forbidden\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
  };
  for (const auto& answer : answers) {
    CAPTURE(answer);
    ScriptBroker broker{[&](Session& session) {
      session.read_head();
      session.send_unframed(answer);
      flood_with(session, std::string(10'000, 'x'));
    }};
    const auto url = "ws://127.0.0.1:" + broker.port_text();
    const auto result =
        run(Command{"mqtt-sub", "-L", url, "t", "-W", "8", "--connect-timeout", "3"});
    check_exit_within(result, 3, 5s);
    CHECK(result.peak_resident < slowness * 100'000);
  }
}
