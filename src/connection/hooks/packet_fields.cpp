// SPDX-License-Identifier: MIT

#include "connection/hooks/packet_fields.hpp"

#include <algorithm>
#include <array>
#include <bitset>

namespace mqtt_tools::connection::hooks {

namespace {

using Form = PropertyRule::Form;

/// Of two bytes each or five, they take hundreds of times as much of Paho's memory.
constexpr std::size_t most_properties = 65'536;

template <typename... Item>
constexpr unsigned in(Item... item) {
  return ((1U << static_cast<unsigned>(item)) | ...);
}

using enum PacketType;
constexpr unsigned answers =
    in(connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect);

constexpr unsigned on_connect = in(Command::connect);
constexpr unsigned on_message = in(Command::publish, Command::will);
constexpr unsigned on_all =
    on_message | on_connect | in(Command::subscribe, Command::unsubscribe, Command::disconnect);

constexpr std::monostate nowhere{};

/// The session-expiry-interval of DISCONNECT is for clients only (MQTT 5.0 §3.14.2.2.2).
constexpr std::array rules{
    PropertyRule{0x01, "payload-format-indicator", Form::flag, in(publish), on_message},
    PropertyRule{0x02, "message-expiry-interval", Form::four, in(publish), on_message},
    PropertyRule{0x03, "content-type", Form::text, in(publish), on_message},
    PropertyRule{0x08, "response-topic", Form::topic, in(publish), on_message},
    PropertyRule{0x09, "correlation-data", Form::binary, in(publish), on_message},
    PropertyRule{0x0B, "subscription-identifier", Form::variable, in(publish),
                 in(Command::subscribe), nowhere, 1},
    PropertyRule{0x11, "session-expiry-interval", Form::four, in(connect, connack),
                 in(Command::connect, Command::disconnect)},
    PropertyRule{0x12, "assigned-client-identifier", Form::text, in(connack)},
    PropertyRule{0x13, "server-keep-alive", Form::two, in(connack)},
    PropertyRule{0x15, "authentication-method", Form::text, in(connect, connack), on_connect,
                 &Properties::authentication_method},
    PropertyRule{0x16, "authentication-data", Form::binary, in(connect, connack), on_connect,
                 &Properties::authentication_data},
    PropertyRule{0x17, "request-problem-information", Form::flag, in(connect), on_connect},
    PropertyRule{0x18, "will-delay-interval", Form::four, 0, in(Command::will)},
    PropertyRule{0x19, "request-response-information", Form::flag, in(connect), on_connect},
    PropertyRule{0x1A, "response-information", Form::text, in(connack)},
    PropertyRule{0x1C, "server-reference", Form::text, in(connack, disconnect), 0,
                 &Properties::server_reference},
    PropertyRule{0x1F, "reason-string", Form::text, answers, in(Command::disconnect),
                 &Properties::reason_string},
    PropertyRule{0x21, "receive-maximum", Form::two, in(connect, connack), on_connect,
                 &Properties::receive_maximum, 1},
    PropertyRule{0x22, "topic-alias-maximum", Form::two, in(connect, connack), on_connect,
                 &Properties::topic_alias_maximum},
    PropertyRule{0x23, "topic-alias", Form::two, in(publish), in(Command::publish),
                 &Properties::topic_alias, 1},
    PropertyRule{0x24, "maximum-qos", Form::flag, in(connack)},
    PropertyRule{0x25, "retain-available", Form::flag, in(connack)},
    PropertyRule{0x26, "user-property", Form::pair, answers | in(connect, publish), on_all},
    PropertyRule{0x27, "maximum-packet-size", Form::four, in(connect, connack), on_connect,
                 &Properties::maximum_packet_size, 1},
    PropertyRule{0x28, "wildcard-subscription-available", Form::flag, in(connack)},
    PropertyRule{0x29, "subscription-identifiers-available", Form::flag, in(connack)},
    PropertyRule{0x2A, "shared-subscription-available", Form::flag, in(connack)},
};

/// One property as it was read; of a user property the name.
struct Value {
  std::uint32_t number = 0;
  std::string_view text{};
};

Value read(Fields& fields, Form form) {
  switch (form) {
    case Form::flag:
      return {.number = fields.byte()};
    case Form::two:
      return {.number = fields.two()};
    case Form::four:
      return {.number = fields.four()};
    case Form::variable:
      return {.number = fields.variable()};
    case Form::text:
    case Form::topic:
    case Form::binary:
      return {.text = fields.counted()};
    case Form::pair:
      break;
  }
  const Value name{.text = fields.counted()};
  fields.counted();
  return name;
}

/// With the words that follow its name.
std::optional<Flaw> check_value(const PropertyRule& rule, const Value& value) {
  // Not whether a text is UTF-8: what a publisher put there, some servers pass on unread, and it
  // is escaped wherever it is shown. Of a topic more depends (check_publish()).
  if (rule.form == Form::topic && value.text.find_first_of("+#") != std::string_view::npos) {
    return Flaw{0x82, "§3.3.2.3.5", " that holds a wildcard"};
  }
  if (value.number < rule.least || (rule.form == Form::flag && value.number > 1)) {
    return Flaw{0x82, "§2.2.2.2", " of " + std::to_string(value.number)};
  }
  return std::nullopt;
}

}  // namespace

std::span<const PropertyRule> property_rules() { return rules; }

std::uint32_t Fields::variable() {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint32_t digit = byte();
    if (cut_) return 0;
    value |= (digit & 0x7F) << shift;
    if (digit < 0x80) {
      padded_ = padded_ || (digit == 0 && shift > 0);
      return value;
    }
  }
  cut_ = true;
  rest_ = {};
  return 0;
}

std::optional<Flaw> read_properties(std::string_view bytes, PacketType packet,
                                    Properties& properties) {
  std::bitset<256> seen;
  Fields fields(bytes);
  for (std::size_t count = 0; !fields.rest().empty(); ++count) {
    if (count == most_properties) {
      return Flaw{0x97, "§4.13", " with more than " + std::to_string(count) + " properties"};
    }
    const auto identifier = fields.variable();
    if (fields.padded())
      return Flaw{0x81, "§1.5.5", " with a property identifier that is too long"};
    if (fields.cut())
      return Flaw{0x81, "§2.2.2.2", " with a property identifier that is cut short"};
    const auto* const rule =
        std::find_if(rules.begin(), rules.end(),
                     [&](const PropertyRule& each) { return each.identifier == identifier; });
    if (rule == rules.end()) {
      return Flaw{0x81, "§2.2.2.2",
                  " with property " + std::to_string(identifier) + ", which MQTT does not have"};
    }
    const auto name = (rule->name.front() == 'a' ? "an " : "a ") + std::string(rule->name);
    if ((rule->received & in(packet)) == 0) {
      return Flaw{0x82, "§2.2.2.2", " with " + name + ", which such a packet cannot have"};
    }
    if (seen[identifier] && !rule->repeats()) {
      return Flaw{0x82, "§2.2.2.2", " with more than one " + std::string(rule->name)};
    }
    seen.set(identifier);
    const Value value = read(fields, rule->form);
    if (fields.padded()) return Flaw{0x81, "§1.5.5", " with " + name + " in too many bytes"};
    if (fields.cut()) return Flaw{0x81, "§2.2.2", " with " + name + " that is cut short"};
    if (auto flaw = check_value(*rule, value)) {
      flaw->words = " with " + name + flaw->words;
      return flaw;
    }
    if (const auto* number = std::get_if<1>(&rule->kept)) properties.*(*number) = value.number;
    if (const auto* text = std::get_if<2>(&rule->kept)) properties.*(*text) = value.text;
  }
  return std::nullopt;
}

}  // namespace mqtt_tools::connection::hooks
