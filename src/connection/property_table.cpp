// SPDX-License-Identifier: MIT

#include "connection/property_table.hpp"

#include <algorithm>
#include <array>

namespace mqtt_tools::connection {

namespace {

using Type = PropertyType;
using Rule = PropertyRule;

constexpr unsigned bit(Command command) { return 1U << static_cast<unsigned>(command); }

constexpr unsigned on_connect = bit(Command::connect);
constexpr unsigned on_publish = bit(Command::publish);
constexpr unsigned on_subscribe = bit(Command::subscribe);
constexpr unsigned on_disconnect = bit(Command::disconnect);
constexpr unsigned on_will = bit(Command::will);
constexpr unsigned on_message = on_publish | on_will;
constexpr unsigned on_all =
    on_message | on_connect | on_subscribe | on_disconnect | bit(Command::unsubscribe);

// Paho C 1.3.12 sends four-byte integers above this as another number.
constexpr std::uint32_t four_bytes = 0x7FFFFFFF;
constexpr std::uint32_t two_bytes = 0xFFFF;
constexpr std::uint32_t variable = 268'435'455;

/// MQTT 5.0 §2.2.2.2; what a command takes as mosquitto has it; ranges from the sections of each.
constexpr std::array table{
    Rule{"payload-format-indicator", 1, Type::number, on_message, 0, 1},
    Rule{"message-expiry-interval", 2, Type::number, on_message, 0, four_bytes},
    Rule{"content-type", 3, Type::string, on_message},
    Rule{"response-topic", 8, Type::topic, on_message},
    Rule{"correlation-data", 9, Type::binary, on_message},
    Rule{"subscription-identifier", 11, Type::number, on_subscribe, 1, variable},
    Rule{"session-expiry-interval", 17, Type::number, on_connect | on_disconnect, 0, four_bytes},
    Rule{"authentication-method", 21, Type::string, on_connect},
    Rule{"authentication-data", 22, Type::binary, on_connect},
    Rule{"request-problem-information", 23, Type::number, on_connect, 0, 1},
    Rule{"will-delay-interval", 24, Type::number, on_will, 0, four_bytes},
    Rule{"request-response-information", 25, Type::number, on_connect, 0, 1},
    Rule{"reason-string", 31, Type::string, on_disconnect},
    Rule{"receive-maximum", 33, Type::number, on_connect, 1, two_bytes},
    Rule{"topic-alias-maximum", 34, Type::number, on_connect, 0, two_bytes},
    Rule{"topic-alias", 35, Type::number, on_publish, 1, two_bytes},
    Rule{"user-property", 38, Type::pair, on_all},
    Rule{"maximum-packet-size", 39, Type::number, on_connect, 1, four_bytes},
};

}  // namespace

bool PropertyRule::stands_in(Command command) const { return (commands & bit(command)) != 0; }

const PropertyRule* find_property(std::string_view name) {
  const auto* const known = std::find_if(
      table.begin(), table.end(), [&](const PropertyRule& entry) { return entry.name == name; });
  return known == table.end() ? nullptr : known;
}

std::string names_for(Command command) {
  std::string names;
  for (const auto& entry : table) {
    if (!entry.stands_in(command)) continue;
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

}  // namespace mqtt_tools::connection
