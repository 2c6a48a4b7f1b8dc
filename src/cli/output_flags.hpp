// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "cli/world.hpp"
#include "output/printer.hpp"
#include "payload/decode.hpp"

namespace mqtt_tools::cli {

/// What --output, --format, --select and --color say about it; when nothing is said: pretty on a
/// terminal, raw in a pipe. Throws UsageError.
output::PrinterOptions read_form(const Settings& settings, const World& world);

/// The same, and what else mqtt-sub has to say. Throws UsageError.
output::PrinterOptions read_output(const Settings& settings, const World& world);

/// Checks what --print-config shows and nobody else has read by then. Throws UsageError.
void check_printed(const Settings& settings, const World& world);

/// What --decode says. Throws UsageError.
payload::DecodeAs read_decode(const Settings& settings);

}  // namespace mqtt_tools::cli
