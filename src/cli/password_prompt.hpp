// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mqtt_tools::cli {

/// Reads one line from `fd` byte by byte, so that what follows it is still there for others.
/// Without its end. Throws UsageError when nothing is there, RunError (code 1) when reading fails.
std::string read_line(int fd);

/// Asks for a password on `terminal` without showing it. Throws UsageError when there is no such
/// terminal. A signal that ends the process ends the question: RunError with its code, and the
/// terminal as it was. One that stops it (Ctrl-Z) finds the terminal as it was, too; when the
/// process goes on, nothing is shown again and the question is repeated.
std::string ask_password(const std::string& terminal);

}  // namespace mqtt_tools::cli
