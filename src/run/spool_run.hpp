// SPDX-License-Identifier: MIT
#pragma once

#include "cli/pub_options.hpp"
#include "error.hpp"

namespace mqtt_tools::run {

/// The whole of mqtt-pub with --spool: stores messages, sends them, lists them, as `options.spool`
/// says. Throws RunError and UsageError.
ExitCode run_with_spool(const cli::PubOptions& options);

}  // namespace mqtt_tools::run
