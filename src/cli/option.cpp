// SPDX-License-Identifier: MIT
#include "cli/option.hpp"

namespace mqtt_tools::cli {

std::vector<std::string_view> names(const Option& option) {
  std::vector<std::string_view> found;
  std::string_view rest = option.names;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    found.push_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return found;
}

std::string_view key(const Option& option) {
  // It is asked for thousands of times before a message is on its way.
  std::string_view rest = option.names;
  while (rest[1] != '-') {
    if (rest.size() == 2) {
      return option.names.substr(1);
    }
    rest.remove_prefix(3);  // "-p,"
  }
  rest.remove_prefix(2);
  return rest.substr(0, rest.find(','));
}

std::string spelling(const Option& option) {
  const std::string_view word = key(option);
  return (word.size() == 1 ? "-" : "--") + std::string{word};
}

std::string_view field(const Option& option) {
  return option.field.empty() ? key(option) : option.field;
}

}  // namespace mqtt_tools::cli
