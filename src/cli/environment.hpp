// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace mqtt_tools::cli {

/// What the options depend on besides the command line. Tests make their own.
struct Environment {
  /// The value of an environment variable; nothing if it is unset or empty.
  std::function<std::optional<std::string>(const std::string&)> variable{};
  std::function<std::string()> line_of_stdin{};  ///< Reads one line and not a byte more.
  std::function<std::string()> ask_password{};   ///< On the terminal, whatever stdin is.
  bool stdin_gives = false;                      ///< stdin is a pipe, a socket or a regular file.
  bool stdout_terminal = false;                  ///< stdout is a terminal.
  int columns = 80;                              ///< Of the terminal.
  std::uint64_t process = 0;                     ///< Process id.
  std::uint64_t random = 0;                      ///< For the client id.
  std::ostream* out = nullptr;                   ///< For --help, --version, --print-config.
};

/// The environment of this process.
Environment this_environment();

}  // namespace mqtt_tools::cli
