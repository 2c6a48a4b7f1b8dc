// SPDX-License-Identifier: MIT
#include "connection/property.hpp"

#include "error.hpp"
#include "text.hpp"
#include "topic.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace mqtt_tools::connection {

namespace {

enum class PropertyType { number, string, topic, binary, pair };

/// What MQTT 5 says of one property: a row of the table of all that `-D` knows.
struct PropertyRule {
  std::string_view name;
  int identifier;
  PropertyType type;
  unsigned commands;  ///< A bit for each that it stands in.
  std::uint32_t least = 0;
  std::uint32_t most = 0;

  bool stands_in(Command command) const;
};

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

bool PropertyRule::stands_in(Command command) const { return (commands & bit(command)) != 0; }

/// The rule for `name`; none if there is no such property.
const PropertyRule* find_property(std::string_view name) {
  const auto* const known =
      std::find_if(table.begin(), table.end(),
                   [&](const PropertyRule& entry) { return same_word(name, entry.name); });
  return known == table.end() ? nullptr : known;
}

/// What a command takes, as a list for people.
std::string names_for(Command command) {
  std::string names;
  for (const auto& entry : table) {
    if (!entry.stands_in(command)) continue;
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

struct CommandWord {
  Command command;
  std::string_view word;
};

constexpr std::array commands{
    CommandWord{Command::connect, "connect"},
    CommandWord{Command::publish, "publish"},
    CommandWord{Command::subscribe, "subscribe"},
    CommandWord{Command::unsubscribe, "unsubscribe"},
    CommandWord{Command::disconnect, "disconnect"},
    CommandWord{Command::will, "will"},
};

constexpr std::size_t longest = 65535;  // MQTT 5.0 §1.5.4, §1.5.6: a length of two bytes.

std::string_view word_of(Command command) {
  for (const auto& entry : commands) {
    if (entry.command == command) return entry.word;
  }
  return {};
}

std::uint32_t read_number(const PropertyRule& known, const std::string& text) {
  const auto number = to_number<std::uint32_t>(text);
  if (!number || *number < known.least || *number > known.most) {
    throw UsageError("property " + std::string{known.name} + " is a number from " +
                     std::to_string(known.least) + " to " + std::to_string(known.most) + ", not '" +
                     escaped(text) + "'");
  }
  return *number;
}

std::string read_string(const PropertyRule& known, const std::string& text) {
  const auto name = "property " + std::string{known.name};
  if (text.size() > longest) throw UsageError(name + " is longer than 65,535 bytes");
  if (const auto at = first_invalid_utf8(text)) {
    throw UsageError(name + " is not UTF-8 (byte " + std::to_string(*at + 1) + ")");
  }
  if (const auto at = first_unwelcome(text)) {
    throw UsageError(name + " has a control character or noncharacter at byte " +
                     std::to_string(*at + 1) + ": brokers close the connection for it");
  }
  return text;
}

std::string read_topic(const PropertyRule& known, const std::string& text) {
  try {
    check_topic(text);
  } catch (const UsageError& error) {
    throw UsageError("property " + std::string{known.name} + ": " + error.what());
  }
  return text;
}

std::string read_binary(const PropertyRule& known, const std::string& bytes) {
  if (bytes.size() > longest) {
    throw UsageError("property " + std::string{known.name} + " is longer than 65,535 bytes");
  }
  return bytes;
}

template <typename Member, typename Value>
void set_once(std::optional<Member>& member, const Value& value, std::string_view name) {
  if (member) throw UsageError("property " + std::string{name} + " may be given only once");
  member = static_cast<Member>(value);
}

}  // namespace

int property_values(std::string_view name) {
  const auto* const known = find_property(name);
  return known != nullptr && known->type == PropertyType::pair ? 2 : 1;
}

Command read_command(std::string_view word) {
  std::string words;
  for (const auto& entry : commands) {
    if (same_word(word, entry.word)) return entry.command;
    if (!words.empty()) words += ", ";
    words += entry.word;
  }
  throw UsageError("'" + escaped(word) + "' takes no properties: it is one of " + words);
}

std::vector<std::pair<std::string_view, std::vector<std::string_view>>> property_words() {
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> words;
  for (const auto& [command, word] : commands) {
    words.emplace_back(word, std::vector<std::string_view>{});
    for (const auto& entry : table) {
      if (entry.stands_in(command)) words.back().second.push_back(entry.name);
    }
  }
  return words;
}

Property read_property(Command command, std::string_view name,
                       const std::vector<std::string>& values) {
  const auto* const known = find_property(name);
  if (known == nullptr || !known->stands_in(command)) {
    throw UsageError(std::string{word_of(command)} + " has no property '" + escaped(name) +
                     "': it has " + names_for(command));
  }
  const auto wanted = static_cast<std::size_t>(property_values(name));
  if (values.size() != wanted) {
    throw UsageError("property " + std::string{known->name} +
                     (wanted == 2 ? " takes a key and a value" : " takes one value"));
  }

  switch (known->type) {
    case PropertyType::number:
      return {known->identifier, read_number(*known, values[0])};
    case PropertyType::string:
      return {known->identifier, read_string(*known, values[0])};
    case PropertyType::topic:
      return {known->identifier, read_topic(*known, values[0])};
    case PropertyType::binary:
      return {known->identifier, read_binary(*known, values[0])};
    case PropertyType::pair:
      break;
  }
  return {known->identifier,
          std::pair{read_string(*known, values[0]), read_string(*known, values[1])}};
}

void apply(const Property& property, Properties& properties) {
  const auto number = [&] { return std::get<std::uint32_t>(property.value); };
  const auto text = [&] { return std::get<std::string>(property.value); };
  switch (property.identifier) {
    case 1:
      return set_once(properties.payload_format, number(), "payload-format-indicator");
    case 2:
      return set_once(properties.expiry, number(), "message-expiry-interval");
    case 3:
      return set_once(properties.content_type, text(), "content-type");
    case 8:
      return set_once(properties.response_topic, text(), "response-topic");
    case 9:
      return set_once(properties.correlation_data, text(), "correlation-data");
    case 35:
      return set_once(properties.topic_alias, number(), "topic-alias");
    case 38:
      properties.user.push_back(std::get<std::pair<std::string, std::string>>(property.value));
      return;
    default:
      throw UsageError("a message has no property " + std::to_string(property.identifier));
  }
}

}  // namespace mqtt_tools::connection
