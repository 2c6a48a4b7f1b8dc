// SPDX-License-Identifier: MIT
#pragma once

#include "cli/declarations.hpp"

#include <string>

namespace mqtt_tools::cli {

/// What --help writes: usage, every option with its default, exit codes, examples.
std::string help(const Declarations& declared);

/// What --version writes: the program and its version, and those of the libraries.
std::string version(const Declarations& declared);

}  // namespace mqtt_tools::cli
