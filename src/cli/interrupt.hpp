// SPDX-License-Identifier: MIT
#pragma once

#include "exit_code.hpp"

#include <optional>

namespace mqtt_tools::cli {

/// SIGINT, SIGTERM and SIGHUP as a question one can ask. They are blocked from here on in this
/// thread and those it starts, and read from fd(). A signal that was ignored at the start (nohup,
/// `&`) stays ignored. A second signal ends the process at once.
class Interrupt {
 public:
  /// Before any other thread is started.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  int fd() const { return fd_; }

  /// Reads what has come; the exit code of the first signal, if there was one.
  std::optional<ExitCode> raised();

 private:
  int fd_ = -1;
  std::optional<ExitCode> first_{};
};

/// In a child between fork and exec (or through posix_spawn attributes): signals as they were
/// before Interrupt, SIGPIPE as the shell left it.
void restore_signals();

}  // namespace mqtt_tools::cli
