// SPDX-License-Identifier: MIT
#pragma once

#include "cli/sub_options.hpp"
#include "connection/options.hpp"
#include "exit_code.hpp"

#include <sys/types.h>
#include <string>

namespace mqtt_tools::cli {

/// Tells whoever asked that all subscriptions are granted: writes the file, the descriptor, starts
/// the command. Once per run.
class Ready {
 public:
  /// Throws UsageError for a descriptor that is not open.
  Ready(ReadyOptions options, const connection::Options& connection);
  ~Ready();
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;

  /// Throws RunError (code 1) when the file or the descriptor cannot be written.
  void announce();

  /// Readable when the command has ended; -1 while none runs.
  int fd() const { return fd_; }

  /// Looks after the command: says its failure once. Call it when fd() is readable.
  void attend();

  /// Whether the command failed: ends a run with 1 when nothing else decided.
  bool failed() const { return failed_; }

 private:
  ReadyOptions options_;
  const connection::Options& connection_;
  pid_t child_ = -1;
  int fd_ = -1;  ///< A pidfd.
  bool announced_ = false;
  bool failed_ = false;
};

}  // namespace mqtt_tools::cli
