// SPDX-License-Identifier: MIT
#include "cli/expectations.hpp"

#include "error.hpp"

namespace mqtt_tools::cli {

std::vector<payload::Expectation> read_expectations(std::string_view option,
                                                    const std::vector<std::string>& json) {
  std::vector<payload::Expectation> expectations;
  for (const auto& text : json) {
    try {
      expectations.emplace_back(text);
    } catch (const UsageError& error) {
      throw UsageError{std::string{option} + ": " + error.what()};
    }
  }
  return expectations;
}

}  // namespace mqtt_tools::cli
