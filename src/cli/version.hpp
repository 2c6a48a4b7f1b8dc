// SPDX-License-Identifier: MIT
#pragma once

#include "cli/tool.hpp"

#include <string>

namespace mqtt_tools::cli {

/// What --version writes: the program and its version, and those of the libraries.
std::string version(const Tool& tool);

}  // namespace mqtt_tools::cli
