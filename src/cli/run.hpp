// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace mqtt_tools::cli {

/// Says one line on stderr: "mqtt-sub: <text>".
void say(std::string_view text);

/// Shows `text` on stderr, a terminal, as a line that the next say() or show_status() replaces; an
/// empty text takes it away.
void show_status(std::string_view text);

/// The name that say() begins with and that help shows: "mqtt-pub" or "mqtt-sub".
const std::string& program();

/// Leaves the process with `code`: flushes stdio and skips destructors (Paho's would wait 100 ms or
/// more), except under sanitizers, which want an orderly end. Code 0 becomes 1 when stdout could
/// not be written. A code above 128 stands for a signal, and by that signal the process ends.
[[noreturn]] void leave(ExitCode code);

/// The whole of main(): names the program, prepares the process (signals, descriptors 0 to 2 open),
/// runs `body` in the house's only try, and leaves with its code or with that of the error.
[[noreturn]] void run(std::string_view program, const std::function<ExitCode()>& body);

}  // namespace mqtt_tools::cli
