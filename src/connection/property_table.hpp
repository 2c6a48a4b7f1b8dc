// SPDX-License-Identifier: MIT
#pragma once

#include "connection/property.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

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

/// The rule for `name`, for the life of the process; none if there is no such property.
const PropertyRule* find_property(std::string_view name);

/// What a command takes, as a list for people.
std::string names_for(Command command);

}  // namespace mqtt_tools::connection
