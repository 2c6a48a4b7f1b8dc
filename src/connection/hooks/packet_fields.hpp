// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/packet_guard.hpp"
#include "connection/property.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace mqtt_tools::connection::hooks {

/// Reads the fields of a packet from front to back (MQTT 5.0 §1.5), for as long as `bytes` lives.
/// One that does not fit sets cut(), and it and all after it are zero or empty.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t two() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t four() { return number(4); }
  std::uint32_t variable();  ///< A Variable Byte Integer; more than four bytes are cut().
  std::string_view counted() {
    return take(two());
  }  ///< Two bytes of length and that much text or binary data.
  std::string_view take(std::size_t size);

  std::string_view rest() const { return rest_; }
  bool cut() const { return cut_; }
  bool padded() const { return padded_; }  ///< A variable() took more bytes than it needs.

 private:
  std::uint32_t number(std::size_t size);

  std::string_view rest_;
  bool cut_ = false;
  bool padded_ = false;
};

inline std::uint32_t Fields::number(std::size_t size) {
  std::uint32_t value = 0;
  for (const char byte : take(size)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

inline std::string_view Fields::take(std::size_t size) {
  if (size > rest_.size()) {
    cut_ = true;
    rest_ = {};
    return {};
  }
  const auto taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

/// What the properties of a packet say, as far as somebody here asks. Texts are views into the
/// packet; null where it has none.
struct Properties {
  std::uint32_t receive_maximum = 0xFFFF;
  std::uint32_t maximum_packet_size = 0xFFFFFFFF;
  std::uint32_t topic_alias_maximum = 0;
  std::uint32_t topic_alias = 0;  ///< 0: none.
  std::string_view reason_string{};
  std::string_view server_reference{};
  std::string_view authentication_method{};
  std::string_view authentication_data{};
};

/// What MQTT 5.0 §2.2.2.2 says of one property.
struct PropertyRule {
  enum class Form { flag, two, four, variable, text, topic, binary, pair };  ///< flag: 0 or 1.

  std::uint8_t identifier;
  std::string_view name;
  Form form;
  unsigned received;      ///< A bit for CONNECT and each PacketType from a server that may have it.
  unsigned commands = 0;  ///< A bit for each Command that takes it, as mosquitto has it.
  /// Where it is kept; nowhere, if nobody asks.
  std::variant<std::monostate, std::uint32_t Properties::*, std::string_view Properties::*> kept{};
  std::uint32_t least = 0;  ///< As a number.

  /// More than one may stand in a packet.
  bool repeats() const { return form == Form::variable || form == Form::pair; }
};

/// All that there are, by identifier.
std::span<const PropertyRule> property_rules();

/// What is wrong with a packet.
struct Flaw {
  std::uint8_t reason = 0;     ///< MQTT 5.0 §3.14.2.1
  std::string_view section{};  ///< "§2.2.2.2", of MQTT 5.0.
  std::string words{};         ///< What follows "a PUBLISH": " with a topic-alias of 0".
};

/// Reads the properties of a `packet`, without their length, and checks that each is one that such
/// a packet may have, whole, in range, and there once only (MQTT 5.0 §2.2.2.2). What stands before
/// a flaw is in `properties` all the same.
std::optional<Flaw> read_properties(std::string_view bytes, PacketType packet,
                                    Properties& properties);

}  // namespace mqtt_tools::connection::hooks
