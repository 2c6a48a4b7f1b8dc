// SPDX-License-Identifier: MIT
#include "cli/secret.hpp"

#include "cli/arguments.hpp"
#include "connection/url.hpp"

#include <algorithm>
#include <cctype>

namespace mqtt_tools::cli {

namespace {

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

bool secret_property(std::string_view name) {
  constexpr std::string_view secret = "authentication-data";
  return std::equal(name.begin(), name.end(), secret.begin(), secret.end(),
                    [](char letter, char wanted) {
                      return std::tolower(static_cast<unsigned char>(letter)) == wanted;
                    });
}

std::string masked(const Option& option, std::string_view value) {
  const std::string_view name = key(option);
  if (!option.secret || value.empty()) {
    return std::string{value};
  }
  if (name == "url" || name == "host" || name == "http-proxy") {
    return connection::masked_url(value);
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
