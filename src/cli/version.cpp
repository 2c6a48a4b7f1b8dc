// SPDX-License-Identifier: MIT
#include "cli/version.hpp"

#include "connection/versions.hpp"

namespace mqtt_tools::cli {

std::string version(const Tool& tool) {
  return std::string{tool.name} + " " + MQTT_TOOLS_VERSION + "\n" + connection::versions() + "\n";
}

}  // namespace mqtt_tools::cli
