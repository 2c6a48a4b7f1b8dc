// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::support {

/// MQTT 5.0 §2.1.2
enum class PacketType : int {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};

/// One control packet as it was on the wire.
struct Packet {
  PacketType type = PacketType::connect;
  int flags = 0;
  std::string body{};  ///< All behind the fixed header.
  int level = 5;       ///< Of the connection that it came on: 4 is 3.1.1.
  int connection = 0;  ///< Counted from 0.
  std::chrono::steady_clock::time_point time{};

  int qos() const { return (flags >> 1) & 3; }
  bool retained() const { return (flags & 1) != 0; }
  bool duplicate() const { return (flags & 8) != 0; }

  std::string topic() const;       ///< Of a PUBLISH.
  std::string properties() const;  ///< Of a PUBLISH, or of a CONNECT, without their length.
  std::string payload() const;     ///< Of a PUBLISH.
  int id() const;                  ///< Of a PUBLISH with a QoS, an acknowledgement, a subscription.
  std::string filter() const;      ///< The first of a SUBSCRIBE.
  int connect_level() const;       ///< Of a CONNECT.
  int connect_flags() const;
  int keep_alive() const;
  std::string client_id() const;
};

/// Takes packets from a stream of bytes.
class PacketReader {
 public:
  void add(std::string_view bytes) { bytes_ += bytes; }
  std::optional<Packet> next();

 private:
  std::string bytes_{};
};

std::string encode_number(int number);             ///< Two bytes.
std::string encode_length(std::size_t length);     ///< One to four.
std::string encode_text(std::string_view text);    ///< Two bytes of length before it.
std::string encode_bytes(std::string_view bytes);  ///< A variable length before them.
std::string encode_byte(int byte);
std::string encode_packet(PacketType type, int flags, std::string_view body);

}  // namespace mqtt_tools::support
