// SPDX-License-Identifier: MIT
#include "connection/property.hpp"

#include "connection/hooks/packet_fields.hpp"
#include "error.hpp"
#include "text.hpp"
#include "topic.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace mqtt_tools::connection {

namespace {

using hooks::PropertyRule;
using Form = PropertyRule::Form;

bool stands_in(const PropertyRule& rule, Command command) {
  return (rule.commands >> static_cast<unsigned>(command) & 1U) != 0;
}

/// The largest number that a property can have here.
std::uint32_t most(Form form) {
  switch (form) {
    case Form::flag:
      return 1;
    case Form::two:
      return 0xFFFF;
    case Form::four:
      return 0x7FFFFFFF;  // Paho C 1.3.12 sends those above as another number.
    default:
      return 268'435'455;  // MQTT 5.0 §1.5.5
  }
}

/// The rule for `name`; none if no command takes such a property.
const PropertyRule* find_property(std::string_view name) {
  const auto rules = hooks::property_rules();
  const auto known = std::find_if(rules.begin(), rules.end(), [&](const PropertyRule& rule) {
    return rule.commands != 0 && same_word(name, rule.name);
  });
  return known == rules.end() ? nullptr : &*known;
}

/// What a command takes.
std::vector<std::string_view> names_for(Command command) {
  std::vector<std::string_view> names;
  for (const auto& entry : hooks::property_rules()) {
    if (stands_in(entry, command)) names.push_back(entry.name);
  }
  return names;
}

/// As mosquitto names them, in the order of Command.
constexpr std::array<std::string_view, 6> command_words{"connect",     "publish",    "subscribe",
                                                        "unsubscribe", "disconnect", "will"};

constexpr std::size_t longest = 65535;  // MQTT 5.0 §1.5.4, §1.5.6: a length of two bytes.

std::uint32_t read_number(const PropertyRule& known, const std::string& text) {
  const auto number = to_number<std::uint32_t>(text);
  const auto largest = most(known.form);
  if (!number || *number < known.least || *number > largest) {
    throw UsageError("property " + std::string{known.name} + " is a number from " +
                     std::to_string(known.least) + " to " + std::to_string(largest) + ", not '" +
                     escaped(text) + "'");
  }
  return *number;
}

std::string read_text(const PropertyRule& known, const std::string& text) {
  const auto name = "property " + std::string{known.name};
  if (known.form == Form::topic) {
    try {
      check_topic(text);
    } catch (const UsageError& error) {
      throw UsageError(name + ": " + error.what());
    }
  }
  if (text.size() > longest) throw UsageError(name + " is longer than 65,535 bytes");
  if (known.form == Form::binary) return text;
  if (const auto at = first_invalid_utf8(text)) {
    throw UsageError(name + " is not UTF-8 (byte " + std::to_string(*at + 1) + ")");
  }
  if (const auto at = first_unwelcome(text)) {
    throw UsageError(name + " has a control character or noncharacter at byte " +
                     std::to_string(*at + 1) + ": brokers close the connection for it");
  }
  return text;
}

template <typename Member, typename Value>
void set_once(std::optional<Member>& member, Value value, std::string_view name) {
  if (member) throw UsageError("property " + std::string{name} + " may be given only once");
  member = static_cast<Member>(std::move(value));
}

}  // namespace

int property_values(std::string_view name) {
  const auto* const known = find_property(name);
  return known != nullptr && known->form == Form::pair ? 2 : 1;
}

Command read_command(std::string_view word) {
  for (std::size_t at = 0; at < command_words.size(); ++at) {
    if (same_word(word, command_words[at])) return static_cast<Command>(at);
  }
  throw UsageError("'" + escaped(word) +
                   "' takes no properties; these do: " + joined(command_words));
}

std::vector<std::pair<std::string_view, std::vector<std::string_view>>> property_words() {
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> words;
  for (std::size_t at = 0; at < command_words.size(); ++at) {
    words.emplace_back(command_words[at], names_for(static_cast<Command>(at)));
  }
  return words;
}

Property read_property(Command command, std::string_view name,
                       const std::vector<std::string>& values) {
  const auto* const known = find_property(name);
  if (known == nullptr || !stands_in(*known, command)) {
    throw UsageError(std::string{command_words[static_cast<std::size_t>(command)]} +
                     " has no property '" + escaped(name) + "': it has " +
                     joined(names_for(command)));
  }
  const auto wanted = static_cast<std::size_t>(property_values(name));
  if (values.size() != wanted) {
    throw UsageError("property " + std::string{known->name} +
                     (wanted == 2 ? " takes a key and a value" : " takes one value"));
  }

  switch (known->form) {
    case Form::text:
    case Form::topic:
    case Form::binary:
      return {known->identifier, read_text(*known, values[0])};
    case Form::pair:
      return {known->identifier,
              std::pair{read_text(*known, values[0]), read_text(*known, values[1])}};
    default:
      return {known->identifier, read_number(*known, values[0])};
  }
}

void apply(Property property, Properties& properties) {
  const auto number = [&] { return std::get<std::uint32_t>(property.value); };
  const auto text = [&] { return std::get<std::string>(std::move(property.value)); };
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
    case 11:
      properties.subscription_identifiers.push_back(number());
      return;
    case 35:
      return set_once(properties.topic_alias, number(), "topic-alias");
    case 38:
      properties.user.push_back(
          std::get<std::pair<std::string, std::string>>(std::move(property.value)));
      return;
    default:
      throw UsageError("a message has no property " + std::to_string(property.identifier));
  }
}

}  // namespace mqtt_tools::connection
