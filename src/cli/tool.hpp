// SPDX-License-Identifier: MIT
#pragma once

#include "cli/option.hpp"

#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// A program as its user sees it: name, usage, options, examples.
struct Tool {
  std::string_view name{};
  std::string_view usage{};  ///< Lines, as the next two.
  std::string_view summary{};
  std::string_view examples{};
  std::vector<OptionGroup> groups{};

  /// The option with this key ("port", "E"); null if there is none.
  const Option* find(std::string_view key) const;

  /// The option with this name ("--port", "--pw", "-p"); null if there is none.
  const Option* named(std::string_view wanted) const;
};

const Tool& mqtt_pub();
const Tool& mqtt_sub();

/// Section 2 of the interface: what both programs take to reach a broker.
std::vector<OptionGroup> connection_groups();

}  // namespace mqtt_tools::cli
