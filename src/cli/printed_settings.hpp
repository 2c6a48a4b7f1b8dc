// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "connection/options.hpp"

#include <string>

namespace mqtt_tools::cli {

/// What --print-config writes: each option in effect as a line of TOML, with where it comes from,
/// secrets masked.
std::string printed(const Settings& settings, const connection::Options& connection);

}  // namespace mqtt_tools::cli
