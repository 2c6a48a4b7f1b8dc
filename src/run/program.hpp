// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <chrono>
#include <functional>
#include <string_view>

namespace mqtt_tools::run {

/// How long DISCONNECT and what comes before it may take at the end of a run: a signal must end the
/// process within a second.
constexpr auto disconnect_limit = std::chrono::milliseconds{800};

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

}  // namespace mqtt_tools::run
