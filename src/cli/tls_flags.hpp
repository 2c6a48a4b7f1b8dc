// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "connection/options.hpp"

#include <vector>

namespace mqtt_tools::cli {

/// Whether TLS is on, and what the settings say about it. Keys and passphrases are not read yet.
/// Throws UsageError for what contradicts itself: above all, nothing that asks for TLS ever ends in
/// plain text.
connection::Tls read_tls(const Settings& settings,
                         const std::vector<connection::Endpoint>& endpoints);

}  // namespace mqtt_tools::cli
