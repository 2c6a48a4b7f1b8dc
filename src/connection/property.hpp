// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mqtt_tools::connection {

/// The commands that `-D` takes properties for, as mosquitto names them.
enum class Command { connect, publish, subscribe, unsubscribe, disconnect, will };

/// One MQTT 5 property (MQTT 5.0 §2.2.2): its identifier and its value. Byte, two-byte, four-byte
/// and variable-length integers are numbers; strings and binary data are bytes.
struct Property {
  int identifier = 0;
  std::variant<std::uint32_t, std::string, std::pair<std::string, std::string>> value{};

  bool operator==(const Property&) const = default;
};

using PropertyList = std::vector<Property>;

/// How many values `name` takes: 2 for user-property, else 1. An unknown name takes 1.
int property_values(std::string_view name);

/// Reads a command word; throws UsageError that lists the right ones.
Command read_command(std::string_view word);

/// The words of -D: each command, and the names of the properties that it takes.
std::vector<std::pair<std::string_view, std::vector<std::string_view>>> property_words();

/// Reads one `-D COMMAND NAME VALUE…`. Throws UsageError for a name that is unknown or that the
/// command does not have, for a value of the wrong type or out of range, and for text that is not
/// UTF-8. Four-byte values above 0x7FFFFFFF are refused: the library would send another number.
Property read_property(Command command, std::string_view name,
                       const std::vector<std::string>& values);

/// Puts what `-D publish` said into a message's properties. A property that may stand only once and
/// is there already is a UsageError.
void apply(Property property, Properties& properties);

}  // namespace mqtt_tools::connection
