// SPDX-License-Identifier: MIT
#include "support/script_broker.hpp"

#include "catch.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

namespace mqtt_tools::support {

Session::Session(ScriptBroker& broker, Descriptor fd, int connection)
    : broker_(broker), channel_(std::move(fd), broker.leaving_), connection_(connection) {}

bool Session::shake_hands() {
  const auto& transport = broker_.transport_;
  if (transport.tls && !channel_.shake_hands(transport.tls)) return false;
  if (!transport.web_socket) return true;
  send_unframed(accept_upgrade(read_head()));
  return true;
}

Packet Session::read() {
  while (true) {
    if (auto packet = reader_.next()) {
      if (packet->type == PacketType::connect) level_ = packet->connect_level();
      packet->level = level_;
      packet->connection = connection_;
      packet->time = std::chrono::steady_clock::now();
      broker_.keep(*packet);
      return *packet;
    }
    take();
  }
}

void Session::take() {
  if (!channel_.wait(POLLIN)) throw Ended{};
  const auto bytes = channel_.take();
  if (bytes.empty() && channel_.ended()) throw Ended{};
  if (!broker_.transport_.web_socket) return reader_.add(bytes);
  frames_.add(bytes);
  while (const auto frame = frames_.next()) {
    if (!frame->masked || frame->reserved) throw std::runtime_error{"a frame that is not allowed"};
    if (frame->opcode <= Frame::binary) reader_.add(frame->payload);
  }
}

Packet Session::expect(PacketType type) {
  while (true) {
    auto packet = read();
    if (packet.type == type) return packet;
  }
}

void Session::send(std::string_view bytes) {
  if (!broker_.transport_.web_socket) return send_unframed(bytes);
  send_unframed(encode_frame(Frame::binary, bytes));
}

void Session::send_unframed(std::string_view bytes) {
  channel_.give(bytes);
  if (channel_.ended()) throw Ended{};
}

void Session::send_uncrypted(std::string_view bytes) {
  const auto sent = ::send(channel_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(bytes.size())) throw Ended{};
}

std::string Session::read_head() {
  auto head = channel_.take_head();
  if (channel_.ended()) throw Ended{};
  return head;
}

void Session::connack(int code, std::string_view properties, int session_present) {
  auto body = encode_byte(session_present) + encode_byte(code);
  if (level_ >= 5) body += encode_bytes(properties);
  send(encode_packet(PacketType::connack, 0, body));
}

void Session::acknowledge(PacketType type, int flags, int id, int reason) {
  auto body = encode_number(id);
  if (level_ >= 5 && reason != 0) body += encode_byte(reason);
  send(encode_packet(type, flags, body));
}

void Session::puback(const Packet& publish, int reason) {
  acknowledge(PacketType::puback, 0, publish.id(), reason);
}

void Session::pubrec(const Packet& publish, int reason) {
  acknowledge(PacketType::pubrec, 0, publish.id(), reason);
}

void Session::pubcomp(const Packet& pubrel, int reason) {
  acknowledge(PacketType::pubcomp, 0, pubrel.id(), reason);
}

void Session::suback(const Packet& subscribe, const std::vector<int>& codes) {
  auto body = encode_number(subscribe.id());
  if (level_ >= 5) body += encode_length(0);
  for (const int code : codes) body += encode_byte(code);
  send(encode_packet(PacketType::suback, 0, body));
}

void Session::publish(std::string_view topic, std::string_view payload, int qos, int id,
                      std::string_view properties) {
  auto body = encode_text(topic);
  if (qos > 0) body += encode_number(id);
  if (level_ >= 5) body += encode_bytes(properties);
  send(encode_packet(PacketType::publish, qos << 1, body.append(payload)));
}

void Session::disconnect(int reason, std::string_view properties) {
  send(encode_packet(PacketType::disconnect, 0, encode_byte(reason) + encode_bytes(properties)));
}

void Session::accept() {
  expect(PacketType::connect);
  connack(0);
}

Packet Session::accept_subscription() {
  accept();
  auto subscription = expect(PacketType::subscribe);
  answer(subscription);
  return subscription;
}

void Session::answer(const Packet& packet) {
  switch (packet.type) {
    case PacketType::connect:
      return connack(0);
    case PacketType::publish:
      if (packet.qos() == 1) puback(packet);
      if (packet.qos() == 2) pubrec(packet);
      return;
    case PacketType::pubrec:
      return acknowledge(PacketType::pubrel, 2, packet.id(), 0);
    case PacketType::pubrel:
      return pubcomp(packet);
    case PacketType::subscribe:
      return suback(packet, {packet.body.back() & 3});
    case PacketType::unsubscribe:
      return send(encode_packet(
          PacketType::unsuback, 0,
          encode_number(packet.id()) + (level_ >= 5 ? encode_length(0) + encode_byte(0) : "")));
    case PacketType::pingreq:
      return send(encode_packet(PacketType::pingresp, 0, {}));
    default:
      return;
  }
}

void Session::serve() {
  while (true) answer(read());
}

void Session::stay_silent() {
  while (true) read();
}

void Session::stop_reading() {
  // What the client wrote stays in the socket. Once that is full, its going away stands in the
  // queue behind the rest, and nobody sees it.
  channel_.wait(POLLRDHUP);
  throw Ended{};
}

void Session::close() {
  channel_.close();
  throw Ended{};
}

void Session::reset() {
  channel_.reset();
  throw Ended{};
}

ScriptBroker::ScriptBroker(std::vector<Script> scripts, Transport transport)
    : scripts_(std::move(scripts)),
      transport_(std::move(transport)),
      acceptor_([this] { listen(); }) {}

ScriptBroker::~ScriptBroker() {
  leaving_.raise();
  acceptor_.join();
  for (auto& player : players_) player.join();
}

void ScriptBroker::listen() {
  std::array<pollfd, 2> fds{{{listener_.fd(), POLLIN, 0}, {leaving_.fd(), POLLIN, 0}}};
  while (true) {
    poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) return;
    auto fd = listener_.accept();
    if (!fd) continue;
    int connection = 0;
    {
      const std::lock_guard lock{mutex_};
      connection = connections_++;
    }
    changed_.notify_all();
    players_.emplace_back(
        [this, connection, fd = std::move(fd)]() mutable { play(std::move(fd), connection); });
  }
}

void ScriptBroker::play(Descriptor fd, int connection) {
  const auto last = scripts_.size() - 1;
  const auto& script = scripts_[std::min(last, static_cast<std::size_t>(connection))];
  {
    Session session{*this, std::move(fd), connection};
    try {
      if (session.shake_hands()) script(session);
      session.close();
    } catch (const Session::Ended&) {
    } catch (const std::exception& error) {
      // The test that waits for more packets fails; this says why.
      std::fprintf(stderr, "script broker, connection %d: %s\n", connection, error.what());
      for (const auto& packet : received()) {
        if (packet.connection == connection) {
          std::fprintf(stderr, "  type %d, flags %d, %zu bytes\n", static_cast<int>(packet.type),
                       packet.flags, packet.body.size());
        }
      }
    }
  }
  {
    const std::lock_guard lock{mutex_};
    ++ended_;
  }
  changed_.notify_all();
}

void ScriptBroker::keep(const Packet& packet) {
  {
    const std::lock_guard lock{mutex_};
    received_.push_back(packet);
  }
  changed_.notify_all();
}

std::string ScriptBroker::url() const {
  const std::string scheme = transport_.web_socket ? "ws" : "mqtt";
  return scheme + (transport_.tls ? "s" : "") + "://127.0.0.1:" + port_text();
}

std::vector<Packet> ScriptBroker::received() const {
  const std::lock_guard lock{mutex_};
  return received_;
}

std::vector<Packet> ScriptBroker::received(PacketType type) const {
  auto packets = received();
  std::erase_if(packets, [type](const Packet& packet) { return packet.type != type; });
  return packets;
}

bool ScriptBroker::wait_for(PacketType type, std::size_t count, milliseconds limit) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] {
    const auto of_type = [type](const Packet& packet) { return packet.type == type; };
    return static_cast<std::size_t>(std::count_if(received_.begin(), received_.end(), of_type)) >=
           count;
  });
}

bool ScriptBroker::wait_for_end(int count, milliseconds limit) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] { return ended_ >= count; });
}

int ScriptBroker::connections() const {
  const std::lock_guard lock{mutex_};
  return connections_;
}

const std::string cut_property = bytes_of({0x30, 6, 0, 1, 't', 3, 0x23, 0});

Transports::Transports()
    : tls(make_tls_context(files.addresses(), files.server_key())),
      all{{}, {tls, false}, {{}, true}, {tls, true}} {}

Command Transports::command(Program program, const ScriptBroker& broker,
                            std::initializer_list<std::string> words) {
  const auto url = broker.url();
  const bool secure = url.rfind("mqtts:", 0) == 0 || url.rfind("wss:", 0) == 0;
  const bool publishes = program == Program::publisher;
  auto command =
      publishes ? Command{"mqtt-pub", "-L", url, "t", "hi"} : Command{"mqtt-sub", "-L", url, "t"};
  const auto limit = [&](const std::string& option, const std::string& value) {
    if (std::find(words.begin(), words.end(), option) == words.end()) command.add({option, value});
  };
  limit("--connect-timeout", "5");
  publishes ? limit("--ack-timeout", "5") : limit("-W", "20");
  command.add(words);
  return secure ? command.add({"--cafile", files.ca()}) : command;
}

void check_violation(const ScriptBroker& broker, const Result& result, int code,
                     const std::string& words) {
  check_exit_within(result, code, 2s);
  CHECK(result.out.empty());
  INFO(result.err);
  CHECK(result.err.find(words) != std::string::npos);
  CHECK(broker.connections() == 1);
}

std::string bytes_of(std::initializer_list<int> numbers) {
  std::string bytes;
  for (const int number : numbers) bytes += encode_byte(number);
  return bytes;
}

}  // namespace mqtt_tools::support
