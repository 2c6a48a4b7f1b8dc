// SPDX-License-Identifier: MIT
#include "cli/printed_settings.hpp"

#include "cli/arguments.hpp"
#include "cli/secret.hpp"
#include "escape.hpp"

namespace mqtt_tools::cli {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      out += '\\';
    }
    out += letter;
  }
  return escaped(out) + "\"";
}

std::string as_toml(const Option& option, const std::string& value) {
  const std::string shown = masked(option, value);
  if (option.takes == Option::Takes::number) {
    return escaped(shown);
  }
  if (option.takes != Option::Takes::property) {
    return quoted(shown);
  }
  std::string list;
  std::size_t at = 0;
  for (std::size_t end = 0; end != std::string::npos; at = end + 1) {
    end = shown.find(joint, at);
    list += (list.empty() ? "[" : ", ") + quoted(shown.substr(at, end - at));
    if (end == std::string::npos) {
      break;
    }
  }
  return list + "]";
}

std::string as_toml(const Setting& setting) {
  const Option& option = *setting.option;
  if (option.takes == Option::Takes::nothing) {
    return setting.values.empty() ? "true" : "false";
  }
  if (!option.repeat) {
    return as_toml(option, setting.value());
  }
  std::string list;
  for (const std::string& value : setting.values) {
    list += (list.empty() ? "[" : ", ") + as_toml(option, value);
  }
  return list + "]";
}

std::string line(std::string_view key, const std::string& value, const std::string& origin) {
  std::string text = std::string{key} + " = " + value;
  text.append(text.size() < 40 ? 40 - text.size() : 1, ' ');
  return text + "# " + origin + "\n";
}

std::string address(const Address& address) {
  const bool slash = address.path.empty() || address.path.front() == '/';
  return line("url",
              quoted(address.scheme + "://" + (slash ? "" : "/") + masked_query(address.path)),
              words(address.origin));
}

/// The line of an option that nobody gave; empty if it has no default.
std::string fallback_line(const Option& option, const connection::Options& connection) {
  const std::string_view name = key(option);
  if (name == "port") {
    return line(name, std::to_string(connection::default_port(connection)), "default");
  }
  if (name == "client-id" && !connection.client_id_given) {
    return line(name, quoted(connection.client_id), "default, new each time");
  }
  if (option.fallback.empty() || !option.file) {
    return "";
  }
  Setting setting;
  setting.option = &option;
  setting.values = {std::string{option.fallback}};
  return line(name, as_toml(setting), "default");
}

}  // namespace

std::string printed(const Settings& settings, const connection::Options& connection) {
  std::string text;
  if (settings.address()) {
    text += address(*settings.address());
  }
  for (const OptionGroup& group : settings.tool().groups) {
    for (const Option& option : group.options) {
      if (key(option) == "print-config") {
        continue;
      }
      if (const Setting* setting = settings.find(key(option))) {
        text += line(key(option), as_toml(*setting), words(setting->origin));
      } else {
        text += fallback_line(option, connection);
      }
    }
  }
  return text;
}

}  // namespace mqtt_tools::cli
