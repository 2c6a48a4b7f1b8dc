// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::cli {

/// What the options depend on besides the command line. Tests make their own.
struct Environment {
  /// The value of an environment variable; nothing if it is unset or empty.
  std::function<std::optional<std::string>(const std::string&)> variable{};
  std::function<std::string()> line_of_stdin{};  ///< A password: one line and not a byte more.
  std::function<std::string()> ask_password{};   ///< On the terminal, whatever stdin is.
  bool stdin_gives = false;                      ///< stdin is a pipe, a socket or a regular file.
  bool stdout_terminal = false;                  ///< stdout is a terminal.
  std::function<int()> columns{};                ///< Of the terminal, now.
  std::uint64_t process = 0;                     ///< Process id.
  std::uint64_t random = 0;                      ///< For the client id.
  bool mosquitto = false;                        ///< Under a name of mosquitto's clients.
  std::ostream* out = nullptr;                   ///< For --help, --version, --print-config.
};

/// The environment of this process, which was started as `path`.
Environment this_environment(std::string_view path);

/// Reads one line from `fd` byte by byte, so that what follows it is still there for others.
/// Without its end. Throws UsageError when nothing is there, RunError (code 1) when reading fails.
std::string read_line(int fd);

/// Asks for a password on `terminal` without showing it. Throws UsageError when there is no such
/// terminal. A signal that ends the process ends the question: RunError with its code, and the
/// terminal as it was. One that stops it (Ctrl-Z) finds the terminal as it was, too; when the
/// process goes on, nothing is shown again and the question is repeated.
std::string ask_password(const std::string& terminal);

}  // namespace mqtt_tools::cli
