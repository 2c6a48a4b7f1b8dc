// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <chrono>
#include <functional>
#include <string_view>

namespace mqtt_tools::cli {
struct PubOptions;
}

namespace mqtt_tools::run {

/// How long DISCONNECT and what comes before it may take at the end of a run: a signal must end the
/// process within a second.
constexpr auto disconnect_limit = std::chrono::milliseconds{800};

/// What of that DISCONNECT needs: until then, acknowledgements are waited for.
constexpr auto disconnect_time = std::chrono::milliseconds{300};

/// Ends the process with `code`: flushes stdio and skips destructors (Paho's would wait 100 ms or
/// more), except under sanitizers, which want an orderly end. Code 0 becomes 1 when stdout could
/// not be written. A code above 128 stands for a signal, and by that signal the process ends.
[[noreturn]] void exit_process(ExitCode code);

/// The same with any code, which never stands for a signal.
[[noreturn]] void exit_with(int code);

/// The whole of main(): names the program for log(), prepares the process (signals, descriptors 0
/// to 2 open), runs `body` in the only try of the program, and ends the process with its code or
/// with that of the error, which it logs. Call it before any other thread is started.
[[noreturn]] void run_program(std::string_view name, const std::function<ExitCode()>& body);

/// The whole of mqtt-pub with --spool: stores messages, sends them, lists them, as `options.spool`
/// says. Throws RunError and UsageError.
ExitCode run_with_spool(const cli::PubOptions& options);

/// The whole of mqtt-pub with --wrap: runs the command with our stdin, stdout and stderr, and
/// publishes that it started and how it ended; the will says that it is lost, unless that of
/// --presence stands there. Whether the broker is there does not matter to the command, nor whether
/// the spool can be used that --spool names.
///
/// Ends the process with the code of the command, 128 + N where signal N ended it, or by that
/// signal where it came to us, too; after a command that succeeded, with the code of publishing.
/// Throws UsageError, before the command is started, for messages that could not be published.
[[noreturn]] void run_wrapped(const cli::PubOptions& options);

}  // namespace mqtt_tools::run
