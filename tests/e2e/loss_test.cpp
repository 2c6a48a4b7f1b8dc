// SPDX-License-Identifier: MIT
//
// The network goes away, and nothing is lost.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/relay.hpp"
#include "support/script_broker.hpp"

#include <deque>
#include <optional>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The lines without those that came before already.
std::string without_repeats(const std::string& text) {
  std::string result;
  long last = 0;
  for (const auto& line : lines_of(text)) {
    if (std::stol(line) <= last) continue;
    last = std::stol(line);
    result += line + "\n";
  }
  return result;
}

std::vector<std::string> payloads(const ScriptBroker& broker, int connection) {
  std::vector<std::string> payloads;
  for (const auto& packet : broker.received(PacketType::publish)) {
    if (packet.connection == connection) payloads.push_back(packet.payload());
  }
  return payloads;
}

std::vector<std::string> numbers(int first, int last) { return lines_of(sequence(first, last)); }

/// A broker far behind a slow line.
struct SlowLine {
  SlowLine(Transports& transports, const Transport& transport, ScriptBroker::Script script,
           Command command)
      : broker(std::move(script), transport), relay(broker.port()) {
    relay.limit(15'000);
    auto url = broker.url();
    url.replace(url.find(broker.port_text()), broker.port_text().size(), relay.port_text());
    command.add({"-L", url});
    if (transport.tls) command.add({"--cafile", transports.files.ca()});
    client.emplace(command);
  }

  /// The client ended well, with so many connections.
  Result check_end(int connections = 1) {
    const auto result = client->wait();
    INFO(broker.url() << ": " << result.err);
    check_exit(result, 0);
    CHECK(relay.connections() == connections);
    return result;
  }

  ScriptBroker broker;
  Relay relay;
  std::optional<Process> client{};
};

}  // namespace

TEST_CASE("a network that cuts the publisher ten times loses no line") {
  Broker broker;
  Relay relay{broker.port()};
  relay.cut_after(Toward::broker, 20'000, 10);
  Process subscriber{broker.sub({"t"})};
  REQUIRE(broker.wait_for_subscription("t"));
  const auto result =
      run(pub(relay.port(), {"t", "-l", "--raw"}), sequence(1, 20'000), 4 * patience);
  check_exit(result, 0);
  CHECK(relay.cuts() == 10);
  REQUIRE(subscriber.wait_for_out("\n20000\n"));
  CHECK(without_repeats(subscriber.out()) == sequence(1, 20'000));
}

TEST_CASE("a network that cuts every connection ten times loses no line") {
  Broker broker;
  Relay outward{broker.port()};
  Relay inward{broker.port()};
  outward.cut_after(Toward::broker, 20'000, 10);
  inward.cut_after(Toward::client, 20'000, 10);
  Process subscriber{sub(inward.port(), {"t", "-c", "-i", "connection", "--reconnect-max", "0.2"})};
  REQUIRE(broker.wait_for_subscription("t"));
  const auto result = run(pub(outward.port(), {"t", "-l", "--raw", "--reconnect-max", "0.2"}),
                          sequence(1, 20'000), 4 * patience);
  check_exit(result, 0);
  CHECK(outward.cuts() == 10);
  const bool all = subscriber.wait_for_out("\n20000\n", 4 * patience);
  INFO(subscriber.err());
  CHECK(inward.cuts() == 10);
  REQUIRE(all);
  CHECK(without_repeats(subscriber.out()) == sequence(1, 20'000));
}

TEST_CASE("after a loss every line without an acknowledgement is sent again, in order") {
  ScriptBroker broker{{[](Session& session) {
                         session.accept();
                         for (int i = 1; i <= 10; ++i) {
                           session.puback(session.expect(PacketType::publish));
                         }
                         for (int i = 11; i <= 20; ++i) session.expect(PacketType::publish);
                         session.close();
                       },
                       [](Session& session) { session.serve(); }}};
  const auto result =
      run(pub(broker.port(), {"t", "-l", "--raw", "--window", "16"}), sequence(1, 100));
  check_exit(result, 0);
  CHECK(broker.connections() == 2);
  CHECK(payloads(broker, 1) == numbers(11, 100));
}

TEST_CASE("acknowledgements that come right before a loss are progress") {
  Transports transports;
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += std::string(30'000, 'x') + "\n";
  const auto script = [](Session& session) {
    session.accept();
    if (session.connection() > 4) session.serve();
    for (int i = 0; i < 2; ++i) session.puback(session.expect(PacketType::publish));
    session.close();
  };
  std::deque<ScriptBroker> brokers;
  std::deque<Process> publishers;
  for (const auto* const shortened : {"1", "0"}) {
    for (const auto& transport : transports.all) {
      const auto& broker = brokers.emplace_back(script, transport);
      Command command{"mqtt-pub", "-L", broker.url(), "-t", "t", "-l", "--raw"};
      command.add({"--window", "30", "--reconnect-max", "0.01"});
      if (transport.tls) command.add({"--cafile", transports.files.ca()});
      publishers.emplace_back(command.environment("MQTT_TOOLS_FAST_IO", shortened).input(lines));
    }
  }
  for (std::size_t i = 0; i < brokers.size(); ++i) {
    CAPTURE(brokers[i].url());
    check_exit(publishers[i].wait(), 0);
    CHECK(brokers[i].connections() == 5);
  }
}

TEST_CASE(
    "what a broker sent before it closed is shown, whether it takes acknowledgements or not") {
  Transports transports;
  const int qos = GENERATE(1, 2);
  for (const auto& transport : transports.all) {
    ScriptBroker broker{[qos](Session& session) {
                          session.accept_subscription();
                          std::string all;
                          for (int i = 1; i <= 500; ++i) {
                            const auto text = std::to_string(i);
                            all += encode_packet(
                                PacketType::publish, qos << 1,
                                encode_text("t") + encode_number(i) + encode_bytes("") + text);
                          }
                          session.send(all);
                          session.close();
                        },
                        transport};
    CAPTURE(broker.url(), qos);
    const auto result = run(transports.command(Program::subscriber, broker,
                                               {"-q", std::to_string(qos), "--no-reconnect"}));
    check_exit(result, 6);
    CHECK(result.out == sequence(1, 500));
  }
}

TEST_CASE("a loss in the middle of QoS 2 is not the end") {
  ScriptBroker broker{{[](Session& session) {
                         session.accept();
                         session.pubrec(session.expect(PacketType::publish));
                         session.expect(PacketType::pubrel);
                       },
                       [](Session& session) { session.serve(); }}};
  check_exit(
      run(pub(broker.port(), {"t", "-l", "--raw", "-q", "2", "--window", "1"}), sequence(1, 9)), 0);
  const auto rest = payloads(broker, 1);
  // The first is not known to be delivered; it may come twice.
  if (rest != numbers(2, 9)) CHECK(rest == numbers(1, 9));
}

TEST_CASE("a stall is not a loss") {
  Broker broker;
  Relay relay{broker.port()};
  Process subscriber{broker.sub({"t", "-C", "100"})};
  REQUIRE(broker.wait_for_subscription("t"));
  Process publisher{pub(relay.port(), {"t", "-l", "--raw"}).open_input()};
  publisher.write(sequence(1, 50));
  REQUIRE(subscriber.wait_for_out("\n50\n"));
  relay.hold(Toward::broker);
  publisher.write(sequence(51, 100));
  publisher.close_input();
  CHECK_FALSE(publisher.wait(100ms).ended);
  relay.release();
  check_exit(publisher.wait(), 0);
  CHECK(subscriber.wait().out == sequence(1, 100));
  CHECK(relay.connections() == 1);
}

TEST_CASE("a slow network is used as it is") {
  Broker broker;
  Relay relay{broker.port()};
  relay.delay(20ms);
  relay.limit(100'000);
  const auto result = run(pub(relay.port(), {"t", "-l"}), sequence(1, 500));
  check_exit(result, 0);
  CHECK(relay.connections() == 1);
}

TEST_CASE("messages that leave for longer than the keep-alive are no loss") {
  Transports transports;
  std::deque<SlowLine> lines;
  const std::string line(30'000, 'x');
  for (const auto& transport : transports.all) {
    lines.emplace_back(
        transports, transport, [](Session& session) { session.serve(); },
        Command{"mqtt-pub", "-t", "t", "-l", "--raw", "-k", "1"}.input(line + "\n" + line));
  }
  for (auto& each : lines) {
    each.check_end();
    CHECK(each.broker.received(PacketType::publish).size() == 2);
  }
}

TEST_CASE("a message of which the kernel takes only a part at first is no loss either") {
  const ScriptBroker broker{[](Session& session) { session.serve(); }};
  Relay relay{broker.port()};
  relay.limit(400'000);
  const auto* const shortened = GENERATE("1", "0");
  CAPTURE(shortened);
  Process publisher{pub(relay.port(), {"t", "-s", "-k", "1"})
                        .environment("MQTT_TOOLS_FAST_IO", shortened)
                        .input(std::string(8'000'000, 'x'))};
  while (relay.passed(Toward::broker) < 1'600'000 && !publisher.wait(100ms).ended) continue;
  relay.release();
  const auto result = publisher.wait();
  check_exit(result, 0);
  CHECK(relay.connections() == 1);
}

/// Publishers of a message of which no byte leaves any more, over each transport, with Paho's own
/// waits, too.
void begin_stall(std::deque<SlowLine>& lines, Transports& transports,
                 const ScriptBroker::Script& script, const std::vector<std::string>& words) {
  for (const auto* const shortened : {"1", "0"}) {
    for (const auto& transport : transports.all) {
      lines.emplace_back(transports, transport, script,
                         Command{"mqtt-pub", "-t", "t", "-s", "--debug"}
                             .add(words)
                             .environment("MQTT_TOOLS_FAST_IO", shortened)
                             .input(std::string(8'000'000, 'x')));
    }
  }
  for (auto& each : lines) REQUIRE(each.broker.wait_for(PacketType::connect));
  for (auto& each : lines) each.relay.hold(Toward::broker);
}

TEST_CASE("after a stall that was longer than the keep-alive PINGREQ is sent again") {
  Transports transports;
  std::deque<SlowLine> lines;
  const auto script = [](Session& session) {
    session.accept();
    const auto publish = session.expect(PacketType::publish);
    session.answer(session.expect(PacketType::pingreq));
    session.puback(publish);
    session.serve();
  };
  begin_stall(lines, transports, script, {"-k", "2"});
  CHECK_FALSE(lines.back().client->wait(3400ms).ended);
  for (auto& each : lines) each.relay.release();
  for (auto& each : lines) each.check_end();
}

TEST_CASE("a line that takes nothing for 2.5 keep-alives is left, and that is told") {
  Transports transports;
  std::deque<SlowLine> lines;
  begin_stall(lines, transports, [](Session& session) { session.serve(); }, {"-k", "1"});
  for (auto& each : lines) {
    CHECK(each.client->wait_for_err("lost: nothing could be sent for 2.5 s"));
    each.relay.release();
  }
  for (auto& each : lines) each.check_end(2);
}

TEST_CASE(
    "a message that comes for longer than the keep-alive is no loss, and no silence of ours") {
  Transports transports;
  std::deque<SlowLine> lines;
  const std::string message(60'000, 'x');
  const auto script = [message](Session& session) {
    session.accept_subscription();
    session.publish("t", message);
    session.serve();
  };
  for (const auto& transport : transports.all) {
    lines.emplace_back(transports, transport, script,
                       Command{"mqtt-sub", "-t", "t", "-C", "1", "-o", "raw", "-k", "1"});
  }
  for (auto& each : lines) {
    CHECK(each.check_end().out == message + "\n");
    CHECK(each.broker.received(PacketType::pingreq).size() >= 2);
  }
}

TEST_CASE("a broker that does not answer PINGREQ is left, and that is told") {
  const ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.stay_silent();
  }};
  const auto result = run(sub(broker.port(), {"t", "-k", "1", "--no-reconnect"}));
  check_exit(result, 6);
  CHECK(result.err.find("did not answer PINGREQ in time") != std::string::npos);
}

TEST_CASE("what is no record of TLS, or a fatal alert, is the end of a connection at once") {
  Transports transports;
  const auto bytes = GENERATE(std::string("what is this?"), bytes_of({0x15, 3, 3, 0, 2, 2, 40}));
  for (const auto& transport : transports.all) {
    if (!transport.tls) continue;
    const ScriptBroker broker{{[&](Session& session) {
                                 session.accept_subscription();
                                 session.send_uncrypted(bytes);
                                 session.stay_silent();
                               },
                               [](Session& session) {
                                 session.accept_subscription();
                                 session.publish("t", "after it");
                                 session.stay_silent();
                               }},
                              transport};
    const auto result = run(transports.command(Program::subscriber, broker, {"-C", "1"}));
    INFO(broker.url() << ": " << result.err);
    check_exit_within(result, 0, 3s);
    CHECK(result.out == "after it\n");
  }
}
