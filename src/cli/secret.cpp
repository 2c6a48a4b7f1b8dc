// SPDX-License-Identifier: MIT
#include "cli/secret.hpp"

#include "cli/arguments.hpp"

#include <algorithm>

namespace mqtt_tools::cli {

namespace {

/// Hides what stands between the user's name and the last `@`. A password that was not %-encoded
/// may hold any character, so that more than the password may go, never less.
std::string masked_login(std::string_view url) {
  const std::size_t at = url.rfind('@');
  if (at == std::string_view::npos) {
    return std::string{url};
  }
  const std::size_t slashes = url.find("://");
  const std::size_t user = slashes == std::string_view::npos || slashes > at ? 0 : slashes + 3;
  const std::size_t colon = url.find(':', user);
  if (colon == std::string_view::npos || colon + 1 >= at) {
    return std::string{url};
  }
  return std::string{url.substr(0, colon + 1)}.append(hidden).append(url.substr(at));
}

std::string masked_url(std::string_view url) {
  std::string shown = masked_query(masked_login(url));
  const std::size_t at = url.rfind('@');
  // A ? before the last @ stands in a password, or the @ in a token: then all behind it goes.
  if (at != std::string_view::npos && url.find('?') < at) {
    shown.erase(std::min(shown.find(hidden), shown.size() - 1) + 1);
  }
  return shown;
}

std::string masked_header(std::string_view header) {
  const std::size_t colon = header.find(':');
  return colon == std::string_view::npos || colon + 1 == header.size()
             ? std::string{hidden}
             : std::string{header.substr(0, colon + 1)}.append(hidden);
}

std::string masked_property(std::string_view words) {
  const std::size_t command = words.find(joint);
  const std::size_t name =
      command == std::string_view::npos ? command : words.find(joint, command + 1);
  if (name == std::string_view::npos ||
      !secret_property(words.substr(command + 1, name - command - 1))) {
    return std::string{words};
  }
  return std::string{words.substr(0, name + 1)}.append(hidden);
}

}  // namespace

std::string masked_query(std::string_view path) {
  const std::size_t query = path.find('?');
  return query == std::string_view::npos || query + 1 == path.size()
             ? std::string{path}
             : std::string{path.substr(0, query + 1)}.append(hidden);
}

bool secret_property(std::string_view name) { return name == "authentication-data"; }

std::string masked(const Option& option, std::string_view value) {
  const std::string_view name = key(option);
  if (!option.secret || value.empty()) {
    return std::string{value};
  }
  if (name == "url" || name == "host" || name == "http-proxy") {
    return masked_url(value);
  }
  if (name == "ws-header") {
    return masked_header(value);
  }
  if (name == "property") {
    return masked_property(value);
  }
  return std::string{hidden};
}

}  // namespace mqtt_tools::cli
