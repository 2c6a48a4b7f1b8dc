// SPDX-License-Identifier: MIT
#pragma once

#include "cli/tool.hpp"

#include <string>

namespace mqtt_tools::cli {

/// What --help writes: usage, every option with its default, exit codes, examples.
std::string help(const Tool& tool);

}  // namespace mqtt_tools::cli
