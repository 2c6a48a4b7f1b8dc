// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "cli/talk.hpp"
#include "cli/world.hpp"
#include "connection/options.hpp"

#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// What the settings say about the connection, checked. Passwords and keys are not read yet, so
/// that nothing is asked for a run that will be refused: see read_secrets(). Throws UsageError.
connection::Options read_connection(const Settings& settings, const World& world);

/// Reads the password, the passphrase of the key and the pre-shared key, from wherever the settings
/// say, and warns of what endangers them. Throws UsageError, and RunError for files.
void read_secrets(const Settings& settings, const World& world, connection::Options& options,
                  std::vector<Warning>& warnings);

/// Takes note of an option that only MQTT 5 has: no fall-back to 3.1.1, and a UsageError when an
/// older version was asked for.
void need_version_5(connection::Options& options, const Setting& setting);

}  // namespace mqtt_tools::cli
