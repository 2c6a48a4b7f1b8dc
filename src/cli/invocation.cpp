// SPDX-License-Identifier: MIT
#include "cli/invocation.hpp"

#include "cli/command_line.hpp"
#include "cli/configuration.hpp"
#include "cli/help.hpp"
#include "cli/version.hpp"
#include "connection/url.hpp"
#include "error.hpp"
#include "escape.hpp"

#include <algorithm>
#include <array>
#include <ostream>

namespace mqtt_tools::cli {

namespace {

/// An environment variable, and the option that it gives.
struct Variable {
  const char* name;
  std::string_view key;
};

constexpr std::array<Variable, 9> variables{{
    {"MQTT_URL", "url"},
    {"MQTT_HOST", "host"},
    {"MQTT_PORT", "port"},
    {"MQTT_PROTOCOL_VERSION", "protocol-version"},
    {"MQTT_USERNAME", "username"},
    {"MQTT_PASSWORD", "password"},
    {"MQTT_CAFILE", "cafile"},
    {"MQTT_CERT", "cert"},
    {"MQTT_KEY", "key"},
}};

/// Others set variables by our names, too: Kubernetes gives each container of a namespace
/// `MQTT_PORT=tcp://10.0.0.5:1883` when a service there is named mqtt.
bool meant_for_others(const Option& option, const std::string& value) {
  return option.takes != Option::Takes::text && value.find("://") != std::string::npos;
}

Layer read_environment(const Tool& tool, const World& world, std::vector<Warning>& warnings) {
  Layer layer;
  for (const Variable& variable : variables) {
    std::optional<std::string> value = world.variable(variable.name);
    if (!value) {
      continue;
    }
    const Option* option = tool.find(variable.key);
    if (meant_for_others(*option, *value)) {
      warnings.push_back({std::string{variable.name} + " counts as unset: '" +
                              escaped(connection::masked_url(*value)) + "' is not for " +
                              spelling(*option),
                          false, true});
      continue;
    }
    layer.push_back(
        {option, {std::move(*value)}, {Origin::Layer::environment, variable.name}, false});
  }
  return layer;
}

const Setting* find(const Layer& layer, std::string_view wanted) {
  const auto found = std::find_if(layer.begin(), layer.end(), [&](const Setting& setting) {
    return key(*setting.option) == wanted;
  });
  return found == layer.end() ? nullptr : &*found;
}

/// Where configuration files are by default; nothing without a home.
std::optional<std::string> folder(const World& world) {
  if (const auto folder = world.variable("XDG_CONFIG_HOME"); folder && folder->front() == '/') {
    return *folder + "/mqtt-tools";  // A relative path is invalid, says the XDG specification.
  }
  const auto home = world.variable("HOME");
  return home ? std::optional{*home + "/.config/mqtt-tools"} : std::nullopt;
}

/// Adds the layers of the profile and of the configuration file.
void add_files(const Tool& tool, const World& world, std::vector<Layer>& layers,
               std::vector<Warning>& warnings) {
  const Setting* profile = find(layers.front(), "profile");
  if (find(layers.front(), "no-config") != nullptr) {
    if (profile != nullptr) {
      throw UsageError("--no-config reads no file, so --profile cannot be had; leave one out");
    }
    return;
  }
  const std::optional<std::string> home = folder(world);

  std::optional<std::string> name = world.variable("MQTT_PROFILE");
  if (profile != nullptr) {
    check_filled(*profile);
    name = profile->value();
  }
  if (name) {
    const std::string path = profile_path(home.value_or("/etc/mqtt-tools"), *name);
    layers.push_back(
        read_configuration(tool, path, Origin::Layer::profile, Presence::required, warnings));
  }

  const Setting* given = find(layers.front(), "config");
  if (given != nullptr) {
    check_filled(*given);
  }
  if (given != nullptr || home) {
    const std::string path = given != nullptr ? given->value() : *home + "/config.toml";
    layers.push_back(read_configuration(tool, path, Origin::Layer::configuration,
                                        given != nullptr ? Presence::required : Presence::optional,
                                        warnings));
  }
}

}  // namespace

std::optional<Invocation> read_invocation(const Tool& tool,
                                          const std::vector<std::string>& arguments,
                                          const World& world) {
  CommandLine line = read_command_line(tool, arguments);
  if (find(line.layer, "help") != nullptr) {
    *world.out << help(tool);
    return {};
  }
  if (find(line.layer, "version") != nullptr) {
    *world.out << version(tool);
    return {};
  }

  std::vector<Warning> warnings;
  std::vector<Layer> layers;
  layers.push_back(std::move(line.layer));
  layers.push_back(read_environment(tool, world, warnings));
  add_files(tool, world, layers, warnings);
  Invocation invocation{Settings{tool, std::move(layers)}, std::move(line.words),
                        std::move(warnings)};
  const std::vector<Warning>& more = invocation.settings.warnings();
  invocation.warnings.insert(invocation.warnings.end(), more.begin(), more.end());
  return invocation;
}

}  // namespace mqtt_tools::cli
