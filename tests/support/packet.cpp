// SPDX-License-Identifier: MIT
#include "support/packet.hpp"

#include <stdexcept>

namespace mqtt_tools::support {
namespace {

/// Reads fields from the front of a body; what is not there is an error of the client.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  std::string_view bytes(std::size_t count) {
    if (rest_.size() < count) throw std::runtime_error{"a packet ends too early"};
    const auto bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  int byte() { return static_cast<unsigned char>(bytes(1)[0]); }
  int number() {
    const int high = byte();
    return (high << 8) + byte();
  }
  std::string_view text() { return bytes(static_cast<std::size_t>(number())); }
  std::size_t length() {
    std::size_t length = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const int next = byte();
      length += static_cast<std::size_t>(next & 0x7F) << shift;
      if ((next & 0x80) == 0) return length;
    }
    throw std::runtime_error{"a length of more than four bytes"};
  }
  std::string_view properties(int level) {
    return level < 5 ? std::string_view{} : bytes(length());
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// What stands before the properties of a PUBLISH.
Fields behind_topic(const Packet& packet) {
  Fields fields{packet.body};
  fields.text();
  if (packet.qos() > 0) fields.number();
  return fields;
}

/// What stands behind "MQTT" in a CONNECT.
Fields behind_name(const Packet& packet) {
  Fields fields{packet.body};
  fields.text();
  return fields;
}

}  // namespace

std::string Packet::topic() const { return std::string{Fields{body}.text()}; }

std::string Packet::properties() const {
  if (type == PacketType::connect) {
    auto fields = behind_name(*this);
    fields.bytes(4);
    return std::string{fields.properties(connect_level())};
  }
  return std::string{behind_topic(*this).properties(level)};
}

std::string Packet::payload() const {
  auto fields = behind_topic(*this);
  fields.properties(level);
  return std::string{fields.rest()};
}

int Packet::id() const {
  Fields fields{body};
  if (type == PacketType::publish) fields.text();
  return fields.number();
}

std::string Packet::filter() const {
  Fields fields{body};
  fields.number();
  fields.properties(level);
  return std::string{fields.text()};
}

int Packet::connect_level() const { return behind_name(*this).byte(); }

int Packet::connect_flags() const {
  auto fields = behind_name(*this);
  fields.byte();
  return fields.byte();
}

int Packet::keep_alive() const {
  auto fields = behind_name(*this);
  fields.bytes(2);
  return fields.number();
}

std::string Packet::client_id() const {
  auto fields = behind_name(*this);
  fields.bytes(4);
  fields.properties(connect_level());
  return std::string{fields.text()};
}

std::optional<Packet> PacketReader::next() {
  std::size_t length = 0;
  for (std::size_t i = 1; i < 5; ++i) {
    if (bytes_.size() <= i) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes_[i]);
    length += static_cast<std::size_t>(byte & 0x7F) << (7 * (i - 1));
    if ((byte & 0x80) != 0) continue;
    if (bytes_.size() < i + 1 + length) return std::nullopt;
    Packet packet;
    const auto first = static_cast<unsigned char>(bytes_[0]);
    packet.type = static_cast<PacketType>(first >> 4);
    packet.flags = first & 0x0F;
    packet.body = bytes_.substr(i + 1, length);
    bytes_.erase(0, i + 1 + length);
    return packet;
  }
  throw std::runtime_error{"a length of more than four bytes"};
}

std::string encode_byte(int byte) { return std::string(1, static_cast<char>(byte)); }

std::string encode_number(int number) { return encode_byte(number >> 8) + encode_byte(number); }

std::string encode_length(std::size_t length) {
  std::string bytes;
  do {
    const auto more = length > 0x7F ? 0x80U : 0U;
    bytes += encode_byte(static_cast<int>((length & 0x7FU) | more));
    length >>= 7;
  } while (length > 0);
  return bytes;
}

std::string encode_text(std::string_view text) {
  return encode_number(static_cast<int>(text.size())).append(text);
}

std::string encode_bytes(std::string_view bytes) {
  return encode_length(bytes.size()).append(bytes);
}

std::string encode_packet(PacketType type, int flags, std::string_view body) {
  return encode_byte((static_cast<int>(type) << 4) | flags) + encode_bytes(body);
}

}  // namespace mqtt_tools::support
