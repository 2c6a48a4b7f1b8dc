// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "cli/world.hpp"
#include "output/printer.hpp"

namespace mqtt_tools::cli {

/// What messages look like when nothing is said: pretty on a terminal, raw in a pipe.
output::PrinterOptions default_output(const World& world);

/// What the settings of mqtt-sub say about it. Throws UsageError.
output::PrinterOptions read_output(const Settings& settings, const World& world);

}  // namespace mqtt_tools::cli
