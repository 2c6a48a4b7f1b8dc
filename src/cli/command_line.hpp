// SPDX-License-Identifier: MIT
#pragma once

#include "cli/setting.hpp"
#include "cli/tool.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// A command line, read: what its options say, and the words that are none.
struct CommandLine {
  Layer layer{};
  std::vector<std::string> words{};
};

/// Reads the words after the program's name. Throws UsageError for an option that is unknown or
/// lacks its value; no value is repeated in its text.
CommandLine read_command_line(const Tool& tool, const std::vector<std::string>& arguments);

}  // namespace mqtt_tools::cli
