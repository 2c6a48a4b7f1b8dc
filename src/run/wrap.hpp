// SPDX-License-Identifier: MIT
#pragma once

#include "cli/pub_options.hpp"

namespace mqtt_tools::run {

/// The whole of mqtt-pub with --wrap: runs the command with our stdin, stdout and stderr, and
/// publishes that it started and how it ended; the will says that it is lost, unless that of
/// --presence stands there. Whether the broker is there does not matter to the command, nor whether
/// the spool can be used that --spool names.
///
/// Ends the process with the code of the command, 128 + N where signal N ended it, or by that
/// signal where it came to us, too; after a command that succeeded, with the code of publishing.
/// Throws UsageError, before the command is started, for what no envelope can hold.
[[noreturn]] void run_wrapped(const cli::PubOptions& options);

}  // namespace mqtt_tools::run
