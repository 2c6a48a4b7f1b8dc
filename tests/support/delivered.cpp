// SPDX-License-Identifier: MIT
#include "support/delivered.hpp"

#include "support/packet.hpp"
#include "support/web_socket.hpp"

#include <map>

namespace mqtt_tools::support {

namespace {

struct Illegal {};

/// Reads fields; what is not there is illegal.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}
  bool empty() const { return rest_.empty(); }
  std::string_view bytes(std::size_t count) {
    if (rest_.size() < count) throw Illegal{};
    const auto bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  int byte() { return static_cast<unsigned char>(bytes(1)[0]); }
  int number() {
    const int high = byte();
    return high * 256 + byte();
  }
  std::string_view text() { return bytes(static_cast<std::size_t>(number())); }
  std::size_t length() {
    std::size_t length = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const int next = byte();
      length |= static_cast<std::size_t>(next & 0x7F) << shift;
      if ((next & 0x80) == 0) return length;
    }
    throw Illegal{};
  }
  std::string_view rest() { return bytes(rest_.size()); }

 private:
  std::string_view rest_;
};

/// MQTT 5.0 §2.2.2: what a server may send in packets of this type, each whole, and once.
void read_properties(std::string_view bytes, PacketType type) {
  enum Shape { byte, two, four, variable, text, pair };
  static const std::map<int, Shape> shapes{
      {0x01, byte}, {0x02, four}, {0x03, text}, {0x08, text}, {0x09, text}, {0x0B, variable},
      {0x11, four}, {0x12, text}, {0x13, two},  {0x15, text}, {0x16, text}, {0x1A, text},
      {0x1C, text}, {0x1F, text}, {0x21, two},  {0x22, two},  {0x23, two},  {0x24, byte},
      {0x25, byte}, {0x26, pair}, {0x27, four}, {0x28, byte}, {0x29, byte}, {0x2A, byte}};
  static const std::set<int> of_publish{0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26};
  static const std::set<int> of_connack{0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21,
                                        0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A};
  static const std::set<int> of_others{0x1F, 0x26};
  const auto& allowed = type == PacketType::publish   ? of_publish
                        : type == PacketType::connack ? of_connack
                                                      : of_others;
  std::set<int> seen;
  Fields fields{bytes};
  while (!fields.empty()) {
    const int id = fields.byte();
    if (allowed.count(id) == 0 || (!seen.insert(id).second && id != 0x26)) throw Illegal{};
    switch (shapes.at(id)) {
      case byte:
        fields.byte();
        break;
      case two:
        fields.bytes(2);
        break;
      case four:
        fields.bytes(4);
        break;
      case variable:
        fields.length();
        break;
      case pair:
        fields.text();
        [[fallthrough]];
      case text:
        fields.text();
        break;
    }
  }
}

class DeliveredReader {
 public:
  DeliveredReader(int level, int subscription) : level_(level), subscription_(subscription) {}

  Delivered read(const std::string& bytes) {
    Fields fields{bytes};
    try {
      while (!fields.empty()) {
        const int first = fields.byte();
        const auto body = fields.bytes(fields.length());
        look(static_cast<PacketType>(first >> 4), first & 0x0F, Fields{body});
      }
    } catch (const Illegal&) {
    }
    return delivered_;
  }

 private:
  void properties(Fields& fields, PacketType type) const {
    if (level_ >= 5) read_properties(fields.bytes(fields.length()), type);
  }

  void look(PacketType type, int flags, Fields fields) {
    if ((type == PacketType::connack) == delivered_.accepted) throw Illegal{};
    if (flags != (type == PacketType::pubrel ? 2 : 0) && type != PacketType::publish) {
      throw Illegal{};
    }
    switch (type) {
      case PacketType::connack:
        if (fields.byte() > 1 || fields.byte() != 0) throw Illegal{};
        properties(fields, type);
        delivered_.accepted = fields.empty();
        break;
      case PacketType::publish:
        return read_message(flags, fields);
      case PacketType::puback:
      case PacketType::pubrec:
      case PacketType::pubrel:
      case PacketType::pubcomp:
        return read_acknowledgement(type, fields);
      case PacketType::suback:
      case PacketType::unsuback: {
        const int id = fields.number();
        properties(fields, type);
        const bool has_code = type == PacketType::suback || level_ >= 5;
        const int code = has_code ? fields.byte() : 0;
        if (type == PacketType::suback) delivered_.granted = id == subscription_ && code <= 2;
        if (type == PacketType::unsuback)
          delivered_.unsubscribed = id != subscription_ && code < 0x80;
        break;
      }
      case PacketType::pingresp:
        break;
      default:
        throw Illegal{};
    }
    if (!fields.empty()) throw Illegal{};
  }

  void read_message(int flags, Fields fields) {
    const int qos = flags >> 1 & 3;
    if (qos == 3 || fields.text().empty()) throw Illegal{};
    if (qos > 0 && fields.number() == 0) throw Illegal{};
    properties(fields, PacketType::publish);
    delivered_.payloads.push_back(in_hex(fields.rest()));
  }

  void read_acknowledgement(PacketType type, Fields fields) {
    const int id = fields.number();
    if (!fields.empty() && level_ < 5) throw Illegal{};
    const int code = fields.empty() ? 0 : fields.byte();
    if (!fields.empty()) properties(fields, type);
    if (!fields.empty()) throw Illegal{};
    const bool success = code == 0 || (code == 0x10 && type != PacketType::pubcomp);
    if (!success) return;
    if (type == PacketType::pubrec) received_.insert(id);
    if (type == PacketType::puback || (type == PacketType::pubcomp && received_.count(id) > 0)) {
      delivered_.acknowledged.insert(id);
    }
  }

  int level_;
  int subscription_;  ///< Packet identifier of the SUBSCRIBE.
  std::set<int> received_{};
  Delivered delivered_{};
};

}  // namespace

std::string in_hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  }
  return text;
}

Delivered read_delivered(const std::string& bytes, int level, int subscription) {
  return DeliveredReader{level, subscription}.read(bytes);
}

std::string without_frames(const std::string& bytes) {
  std::string mqtt;
  Fields fields{bytes};
  bool within = false;
  try {
    while (!fields.empty()) {
      const int first = fields.byte();
      std::size_t size = static_cast<std::size_t>(fields.byte());
      const int opcode = first & 0x0F;
      if ((first & 0x70) != 0 || size > 127 || size == 127) throw Illegal{};
      if (size == 126) {
        size = static_cast<std::size_t>(fields.number());
        if (size < 126) throw Illegal{};
      }
      if (opcode == Frame::ping || opcode == Frame::pong) {
        if (size > 125 || first < 0x80) throw Illegal{};
        fields.bytes(size);
        continue;
      }
      if (opcode != (within ? Frame::continuation : Frame::binary)) throw Illegal{};
      within = first < 0x80;
      for (; size > 0; --size) mqtt += fields.bytes(1);
    }
  } catch (const Illegal&) {
  }
  return mqtt;
}

}  // namespace mqtt_tools::support
