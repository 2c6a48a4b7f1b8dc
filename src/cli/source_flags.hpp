// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "cli/world.hpp"
#include "feed/source.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// What is published, and where: from -t, -m, the words, a URL's path, a file, stdin. All but the
/// message's properties. Throws UsageError for what is missing, doubled or contradictory.
feed::SourceOptions read_source(const Settings& settings, const std::vector<std::string>& words,
                                const World& world);

}  // namespace mqtt_tools::cli
