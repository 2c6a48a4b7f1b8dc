// SPDX-License-Identifier: MIT
#include "support/script_broker.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cerrno>

namespace mqtt_tools::support {

void Session::wait(short events) {
  std::array<pollfd, 2> fds{{{fd_.get(), events, 0}, {broker_.leaving_.fd(), POLLIN, 0}}};
  while (true) {
    poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0 || !fd_) throw Ended{};
    if (fds[0].revents != 0) return;
  }
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
    wait(POLLIN);
    std::array<char, 65536> buffer;
    const auto size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) throw Ended{};
    if (size > 0) reader_.add({buffer.data(), static_cast<std::size_t>(size)});
  }
}

Packet Session::expect(PacketType type) {
  while (true) {
    auto packet = read();
    if (packet.type == type) return packet;
  }
}

void Session::send(std::string_view bytes) {
  while (!bytes.empty()) {
    wait(POLLOUT);
    const auto size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN && errno != EINTR) throw Ended{};
    if (size > 0) bytes.remove_prefix(static_cast<std::size_t>(size));
  }
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
  wait(POLLRDHUP);
  throw Ended{};
}

void Session::close() {
  // Unread bytes would turn the close into a reset.
  std::array<char, 65536> buffer;
  shutdown(fd_.get(), SHUT_WR);
  while (recv(fd_.get(), buffer.data(), buffer.size(), 0) > 0) {
  }
  fd_.close();
  throw Ended{};
}

void Session::reset() {
  support::reset(fd_);
  throw Ended{};
}

}  // namespace mqtt_tools::support
