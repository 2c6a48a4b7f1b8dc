// SPDX-License-Identifier: MIT
#pragma once

#include "cli/setting.hpp"
#include "cli/talk.hpp"
#include "cli/tool.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// Whether a configuration file must be there.
enum class Presence { required, optional };

/// Reads a configuration file (TOML): its keys are the long names of options. Both programs read
/// the same files, so that what only the other one knows is checked and left out. Throws UsageError
/// with path and line for what cannot be used, RunError (code 1, path and reason) for a file that
/// cannot be read. Warns of a password that others may read.
Layer read_configuration(const Tool& tool, const std::string& path, Origin::Layer layer,
                         Presence presence, std::vector<Warning>& warnings);

/// The file of a profile, beside the default configuration file. Throws UsageError for a name that
/// is more than [A-Za-z0-9._-]+.
std::string profile_path(const std::string& folder, const std::string& name);

}  // namespace mqtt_tools::cli
