// SPDX-License-Identifier: MIT
#pragma once

#include "cli/layers.hpp"
#include "connection/options.hpp"

#include <string>

namespace mqtt_tools::cli {

/// What --print-config writes: each option in effect as a line of TOML, with where it comes from.
/// Given as --config it has the same effect. Secrets, masked, and what stands on a command line
/// only are comments.
std::string printed(const Settings& settings, const connection::Options& connection);

}  // namespace mqtt_tools::cli
