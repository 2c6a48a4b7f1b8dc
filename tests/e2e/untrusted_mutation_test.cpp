// SPDX-License-Identifier: MIT
//
// Legal sessions whose bytes are changed on their way to the client, by numbered seeds. Whatever
// comes: a run ends in time, with a code of the table, and with 0 only if what it waited for came,
// which an independent reader of the same bytes tells. MQTT_TOOLS_MUTATIONS=2000 in the environment
// plays more than the usual few of them.

#include "catch.hpp"
#include "support/delivered.hpp"
#include "support/script_broker.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace mqtt_tools::support;

namespace {

constexpr int usual_runs = 100;  // Of each program.
constexpr unsigned runs_at_once = 12;
constexpr std::size_t messages = 3;

/// What a seed decides.
struct Plan {
  Program program{};
  int level = 5;
  int qos = 0;
  bool web_socket = false;
  bool unsubscribes = false;
  bool disconnects = false;  ///< The server, before the last message.
  bool changed = true;
  bool frames_changed = false;
};

/// A connection whose packets are changed on their way.
class Wire {
 public:
  Wire(unsigned seed, Program program) : random_(seed) {
    plan_.program = program;
    plan_.level = one_of(3) == 0 ? 4 : 5;
    plan_.qos = one_of(4) == 0 ? 0 : 1 + one_of(2);
    plan_.web_socket = one_of(4) == 0;
    plan_.frames_changed = plan_.web_socket && one_of(2) == 0;
    plan_.unsubscribes = one_of(3) == 0;
    plan_.disconnects = one_of(8) == 0 && plan_.level >= 5;
    plan_.changed = one_of(20) != 0;
    for (int changes = 1 + one_of(2); changes > 0; --changes) {
      changes_.insert(one_of(plan_.program == Program::publisher ? 6 : 8));
    }
  }

  const Plan& plan() const { return plan_; }

  void send(Session& session, std::string packet) {
    const bool now = plan_.changed && changes_.count(packets_++) > 0;
    if (now && !plan_.frames_changed) packet = change(packet);
    if (plan_.web_socket) packet = framed(packet);
    if (now && plan_.frames_changed) packet = change(packet);
    packet += std::exchange(held_back_, {});
    {
      const std::lock_guard lock{mutex_};
      bytes_ += packet;
    }
    session.send_unframed(packet);
  }

  std::string mqtt() const {
    const std::lock_guard lock{mutex_};
    return plan_.web_socket ? without_frames(bytes_) : bytes_;
  }

  std::string bytes() const {
    const std::lock_guard lock{mutex_};
    return bytes_;
  }

 private:
  int one_of(std::size_t count) { return static_cast<int>(random_() % count); }

  std::string framed(const std::string& packet) {
    if (packet.empty() || one_of(2) == 0) return encode_frame(Frame::binary, packet);
    const auto cut = static_cast<std::size_t>(one_of(packet.size()));
    return encode_frame(Frame::binary, packet.substr(0, cut), false) +
           encode_frame(Frame::ping, "p") + encode_frame(Frame::continuation, packet.substr(cut));
  }

  std::string change(std::string packet) {
    const auto at = static_cast<std::size_t>(one_of(packet.size()));
    const auto count = static_cast<std::size_t>(1 + one_of(8));
    switch (one_of(9)) {
      case 0:
        packet[at] = static_cast<char>(packet[at] ^ 1 << one_of(8));
        break;
      case 1:
        packet[at] = static_cast<char>(one_of(256));
        break;
      case 2:
        packet.erase(at, count);
        break;
      case 3:
        for (auto left = count; left > 0; --left) {
          packet.insert(at, 1, static_cast<char>(one_of(256)));
        }
        break;
      case 4:
        packet += packet;
        break;
      case 5:
        held_back_ = std::exchange(packet, {});
        break;
      case 6:
        packet.clear();
        break;
      case 7:
        packet[0] = static_cast<char>(one_of(256));
        break;
      case 8:
        packet.insert(at, packet.substr(at, count));
        break;
    }
    return packet;
  }

  std::mt19937 random_;
  Plan plan_{};
  std::set<int> changes_{};  ///< The numbers of the packets to change.
  int packets_ = 0;
  std::string held_back_{};
  mutable std::mutex mutex_{};
  std::string bytes_{};
};

/// A broker as it should be, before the wire.
void serve(Session& session, Wire& wire) {
  const auto& plan = wire.plan();
  const bool is_new = plan.level >= 5;
  const auto acknowledge = [&](PacketType type, const Packet& packet) {
    const int flags = type == PacketType::pubrel ? 2 : 0;
    auto body = encode_number(packet.id());
    if (is_new && packet.id() % 2 == 0) body += encode_byte(0) + encode_byte(0);
    wire.send(session, encode_packet(type, flags, body));
  };
  const auto publish = [&](int number) {
    const int qos = (number + plan.qos) % 3;
    auto body = encode_text("t");
    if (qos > 0) body += encode_number(10 + number);
    if (is_new) body += encode_bytes("\x26" + encode_text("key") + encode_text("value"));
    body += "message " + std::to_string(number);
    wire.send(session, encode_packet(PacketType::publish, qos << 1, body));
  };
  while (true) {
    const auto packet = session.read();
    switch (packet.type) {
      case PacketType::connect:
        wire.send(session,
                  encode_packet(PacketType::connack, 0,
                                encode_number(0) + (is_new ? encode_bytes("\x21\x01\x01") : "")));
        break;
      case PacketType::publish:
        if (packet.qos() == 1) acknowledge(PacketType::puback, packet);
        if (packet.qos() == 2) acknowledge(PacketType::pubrec, packet);
        break;
      case PacketType::pubrec:
        acknowledge(PacketType::pubrel, packet);
        break;
      case PacketType::pubrel:
        acknowledge(PacketType::pubcomp, packet);
        break;
      case PacketType::subscribe:
        wire.send(session,
                  encode_packet(PacketType::suback, 0,
                                encode_number(packet.id()) + (is_new ? encode_length(0) : "") +
                                    encode_byte(packet.body.back() & 3)));
        for (std::size_t number = 1; number <= messages; ++number) {
          if (plan.disconnects && number == messages) {
            wire.send(session, encode_packet(PacketType::disconnect, 0, encode_byte(0x8B)));
          }
          publish(static_cast<int>(number));
        }
        break;
      case PacketType::unsubscribe:
        wire.send(session,
                  encode_packet(PacketType::unsuback, 0,
                                encode_number(packet.id()) + (is_new ? encode_number(0) : "")));
        break;
      case PacketType::pingreq:
        wire.send(session, encode_packet(PacketType::pingresp, 0, {}));
        break;
      default:
        break;
    }
  }
}

Command command(const Plan& plan, const ScriptBroker& broker) {
  const auto limit = plan.changed ? "0.7" : "20";
  const bool publishes = plan.program == Program::publisher;
  Command words{publishes ? "mqtt-pub" : "mqtt-sub",
                "-L",
                broker.url(),
                "t",
                "-V",
                plan.level < 5 ? "3.1.1" : "5",
                "--no-reconnect",
                "--connect-timeout",
                limit,
                "-q",
                std::to_string(plan.qos)};
  if (publishes) {
    words.add({"-l", "--raw", "--ack-timeout", limit}).input(sequence(1, messages));
  } else {
    words.add({"-C", std::to_string(messages), "-W", plan.changed ? "1.5" : "20", "-F", "%x"});
    if (plan.unsubscribes) words.add({"-U", "old"});
  }
  return words;
}

/// Whether each of `lines` is one of these, and each of these was printed once: not in their order,
/// as a message of QoS 2 is shown once it is released.
bool are_of(const std::string& lines, std::vector<std::string> payloads) {
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = std::min(lines.find('\n', at), lines.size());
    const auto found = std::find(payloads.begin(), payloads.end(), lines.substr(at, end - at));
    if (found == payloads.end()) return false;
    payloads.erase(found);
    at = end + 1;
  }
  return true;
}

/// What is wrong with a run; empty when nothing is.
std::string judge(const Wire& wire, const ScriptBroker& broker, const Result& result) {
  const auto& plan = wire.plan();
  const auto subscribed = broker.received(PacketType::subscribe);
  const auto truth =
      read_delivered(wire.mqtt(), plan.level, subscribed.empty() ? 0 : subscribed[0].id());
  if (!result.ended) return "did not end";
  if (result.signal != 0) return "ended by signal " + std::to_string(result.signal);
  for (const char* sign : {"Sanitizer", "runtime error", "corrupt", "terminate called"}) {
    if (result.err.find(sign) != std::string::npos) return "a report of memory";
  }
  static const std::set<int> codes{0, 3, 4, 5, 6, 27};
  if (codes.count(result.code) == 0) return "a code that this cannot be";
  const bool calm = !plan.changed && !(plan.disconnects && plan.program == Program::subscriber);
  if (calm && result.code != 0) return "failed although nothing was changed";
  if (!are_of(result.out, truth.payloads)) return "shows what was not sent";
  if (result.code != 0) return {};

  if (!truth.accepted) return "0 without CONNACK";
  if (plan.program == Program::subscriber) {
    if (!truth.granted) return "0 without SUBACK";
    if (plan.unsubscribes && !truth.unsubscribed) return "0 without UNSUBACK";
    return truth.payloads.size() < messages ? "0 with too few messages" : "";
  }
  std::set<int> acknowledged = truth.acknowledged;
  const auto published = broker.received(PacketType::publish);
  std::set<std::string> payloads;
  for (const auto& packet : published) {
    payloads.insert(packet.payload());
    if (packet.qos() > 0 && acknowledged.count(packet.id()) == 0)
      return "0 without an acknowledgement";
  }
  return payloads.size() < messages ? "0 without all messages" : "";
}

/// The failures of seeds that are played several at once.
std::vector<std::string> play(Program program, unsigned count) {
  std::vector<std::string> failures;
  std::mutex mutex;
  std::atomic<unsigned> next{0};
  std::map<int, int> codes;
  const auto player = [&] {
    for (unsigned seed = next++; seed < count; seed = next++) {
      Wire wire{seed, program};
      Result result;
      std::string complaint;
      {
        ScriptBroker broker{[&](Session& session) { serve(session, wire); },
                            {{}, wire.plan().web_socket}};
        const auto words = command(wire.plan(), broker);
        Process process{words};
        result = process.wait();
        // What the last acknowledgements answered is read by then.
        if (result.code == 0) broker.wait_for_end();
        complaint = judge(wire, broker, result);
        if (!complaint.empty()) complaint += "\n" + words.text();
      }
      const std::lock_guard lock{mutex};
      ++codes[result.code];
      if (complaint.empty()) continue;
      failures.push_back("seed " + std::to_string(seed) + ": " + complaint + "\ncode " +
                         std::to_string(result.code) + ", " +
                         std::to_string(result.duration.count()) + " ms\ngot " +
                         in_hex(wire.bytes()) + "\nstdout " + result.out.substr(0, 300) +
                         "\nstderr " + result.err.substr(0, 2'000));
    }
  };
  std::vector<std::thread> players;
  for (unsigned i = 0; i < runs_at_once; ++i) players.emplace_back(player);
  for (auto& thread : players) thread.join();
  // Both ends of the scale are met, or the changes change nothing.
  CHECK(codes[0] > 0);
  CHECK(codes[6] > 0);
  return failures;
}

void check_all(Program program) {
  const char* const wish = std::getenv("MQTT_TOOLS_MUTATIONS");
  const auto count = static_cast<unsigned>(wish != nullptr ? std::atoi(wish) : usual_runs);
  for (const auto& failure : play(program, count)) FAIL_CHECK(failure);
}

}  // namespace

TEST_CASE("whatever is changed in what a publisher is told, it ends in time and does not lie") {
  check_all(Program::publisher);
}

TEST_CASE("whatever is changed in what a subscriber is told, it ends in time and does not lie") {
  check_all(Program::subscriber);
}
