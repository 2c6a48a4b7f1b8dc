// SPDX-License-Identifier: MIT
#include "bytes.hpp"
#include "cli/arguments.hpp"
#include "cli/connection_options.hpp"
#include "connection/url.hpp"
#include "text.hpp"

#include <algorithm>
#include <cstdio>

namespace mqtt_tools::cli {

namespace {

/// A basic string of TOML. Where escaped() would show an escape, so that no terminal acts on it, it
/// has one, too, in TOML's way of writing.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const std::string_view letter = text.substr(at, point.length);
    if (!point.valid) {
      out += escaped(letter);  // Stands in a comment.
    } else if (letter == "\"" || letter == "\\") {
      out += '\\';
      out += letter;
    } else if (escaped(letter) != letter || first_unwelcome(letter)) {
      char code[16];
      std::snprintf(code, sizeof code, point.value > 0xFFFF ? "\\U%08X" : "\\u%04X",
                    static_cast<unsigned>(point.value));
      out += code;
    } else {
      out += letter;
    }
    at += point.length;
  }
  return out + "\"";
}

/// TOML knows no "007", ".5" and "5.", which we take.
std::string as_number(std::string_view text) {
  const std::size_t point = text.find('.');
  std::string_view whole = text.substr(0, point);
  whole.remove_prefix(std::min(whole.find_first_not_of("-0"), whole.size()));
  std::string number{whole.empty() ? "0" : whole};
  if (point != std::string_view::npos) {
    const std::size_t end = text.find_last_not_of('0') + 1;
    number += end > point + 1 ? text.substr(point, end - point) : "";
  }
  return number;
}

std::string as_toml(const Option& option, const std::string& value) {
  const bool units = value.find_first_not_of("0123456789.") != std::string::npos;
  if (option.takes == Option::Takes::number || (option.takes == Option::Takes::time && !units)) {
    return as_number(value);
  }
  if (option.takes != Option::Takes::property) return quoted(value);
  std::vector<std::string> words;
  for (const std::string_view word : split(value, joint)) words.push_back(quoted(word));
  return "[" + joined(words) + "]";
}

std::string as_toml(const Option& option, const std::vector<std::string>& values) {
  if (option.takes == Option::Takes::nothing) return values.empty() ? "true" : "false";
  if (!option.repeat) return as_toml(option, values.back());
  std::vector<std::string> list;
  for (const std::string& value : values) list.push_back(as_toml(option, value));
  return "[" + joined(list) + "]";
}

std::string line(std::string_view key, const std::string& value, const std::string& origin) {
  std::string text = std::string{key} + " = " + value;
  text.append(text.size() < 40 ? 40 - text.size() : 1, ' ');
  return text + "# " + escaped(origin) + "\n";
}

/// What a configuration cannot or should not hold, for people.
std::string comment(std::string_view key, const std::string& value, const std::string& origin) {
  return "# " + line(key, value, origin);
}

/// A topic as the path of a URL (RFC 3986 §2.1).
std::string as_path(std::string_view topic) {
  const bool text = !first_invalid_utf8(topic);
  return "/" + percent_encoded(topic, [text](char letter) {
           const auto byte = static_cast<unsigned char>(letter);
           return byte > ' ' && byte != '%' && byte != 0x7F && (byte < 0x7F || text);
         });
}

/// Scheme and path that lead to the connection in effect. The host has a line of its own.
std::string address(const Address& address, const connection::Options& connection) {
  const std::string secure = connection.tls.on ? "s" : "";
  const std::string origin = source_of(address.origin);
  if (address.scheme == "unix") {
    return "";  // The socket has a line of its own.
  }
  if (!address.websocket()) {
    return line("url", quoted("mqtt" + secure + "://" + as_path(address.path)), origin);
  }
  const std::string start = "ws" + secure + "://";
  const std::string& path = connection.websocket_path;
  const std::string text = line("url", quoted(start + path.substr(0, path.find('?'))), origin);
  const std::string shown = connection::masked_url(start + path);
  return shown == start + path ? text : text + comment("url", quoted(shown), origin);
}

/// A URL without its login.
std::string without_login(const std::string& url) {
  const std::size_t at = url.rfind('@');
  const std::size_t begin = url.find("://") + 3;
  return at == std::string::npos ? url : url.substr(0, begin) + url.substr(at + 1);
}

/// Whether a configuration file may hold the setting and have the effect that it has here.
bool fits_file(const Settings& settings, const Setting& setting,
               const connection::Options& connection) {
  const std::string_view name = setting.option->key;
  const bool off = (name == "tls" && !settings.on("tls")) || (name == "no-tls");
  const bool keyless = name == "psk-identity" && settings.find("psk") != nullptr;
  const bool text = std::ranges::none_of(
      setting.values, [](const auto& value) { return first_invalid_utf8(value).has_value(); });
  const bool on_network = name == "port" || name == "http-proxy" || name == "bind";
  const bool elsewhere = on_network && settings.find("unix") != nullptr;
  return setting.option->file && text && !keyless && !elsewhere && !(off && connection.tls.on);
}

/// Secrets are comments: a file with `*` in their place would be taken at its word.
std::string setting_lines(const Settings& settings, const Setting& setting,
                          const connection::Options& connection) {
  const Option& option = *setting.option;
  const std::string_view name = option.key;
  const std::string origin = source_of(setting.origin);
  std::vector<std::string> plain;
  std::vector<std::string> secret;
  for (const std::string& value : setting.values) {
    const std::string shown = name == "host" ? value : masked(option, value);
    if (shown == value) {
      plain.push_back(value);
    } else {
      secret.push_back(shown);
    }
    if (shown != value && name == "http-proxy") plain.push_back(without_login(value));
  }
  std::string lines;
  if (!secret.empty()) lines = comment(name, as_toml(option, secret), origin);
  if (!plain.empty() || setting.values.empty()) {
    lines += (fits_file(settings, setting, connection) ? line : comment)(
        name, as_toml(option, plain), origin);
  }
  return lines;
}

/// The line of an option that nobody gave; empty if it has no default.
std::string fallback_line(const Settings& settings, const Option& option,
                          const connection::Options& connection) {
  const std::string_view name = option.key;
  if ((name == "host" || name == "port") && !connection.endpoints.front().socket_path.empty()) {
    return "";
  }
  if (name == "port") {
    return line(name, std::to_string(connection::default_port(connection)), "default");
  }
  if (name == "client-id" && !connection.client_id_given) {
    return comment(name, quoted(connection.client_id), "default, new each time");
  }
  const bool of_none = (name == "will-qos" && !connection.will) ||
                       (name.starts_with("presence-") && settings.find("presence") == nullptr);
  if (option.fallback.empty() || !option.file || of_none) return "";
  return line(name, as_toml(option, std::vector{std::string{option.fallback}}), "default");
}

}  // namespace

std::string print_config(const Settings& settings, const connection::Options& connection) {
  std::string text;
  if (settings.address()) text += address(*settings.address(), connection);
  for (const Option& option : settings.declared().options()) {
    if (option.key == "print-config") continue;
    if (const Setting* setting = settings.find(option.key)) {
      text += setting_lines(settings, *setting, connection);
    } else if (option.key == "tls" && connection.tls.on && settings.find("psk") != nullptr) {
      // The key is a comment; without it nothing else may turn TLS on.
      text += line("tls", "true", source_of(settings.find("psk")->origin));
    } else {
      text += fallback_line(settings, option, connection);
    }
  }
  for (const run::Warning& warning : settings.dropped_logins()) {
    text += "# " + escaped(warning.text) + "\n";
  }
  return text;
}

}  // namespace mqtt_tools::cli
