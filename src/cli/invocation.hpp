// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "cli/talk.hpp"
#include "cli/tool.hpp"
#include "cli/world.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// One start of a program, with all that was said about it: on the command line, in the
/// environment, in the profile and in the configuration.
struct Invocation {
  Settings settings;
  std::vector<std::string> words{};  ///< The words that belong to no option.
  std::vector<Warning> warnings{};
};

/// Reads all layers. Nothing when --help or --version was asked for, and is written. Throws
/// UsageError and RunError.
std::optional<Invocation> read_invocation(const Tool& tool,
                                          const std::vector<std::string>& arguments,
                                          const World& world);

}  // namespace mqtt_tools::cli
