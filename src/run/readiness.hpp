// SPDX-License-Identifier: MIT
#pragma once

#include "run/child_process.hpp"
#include "run/options.hpp"

#include <optional>
#include <vector>

namespace mqtt_tools::run {

/// Tells whoever asked that all subscriptions are granted: writes the file, the descriptor, starts
/// the command. A command that still runs when this goes is left alone.
class Readiness {
 public:
  /// Throws UsageError for a descriptor that is not open. The line of an earlier run is removed.
  explicit Readiness(ReadinessOptions options);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// Once per run. `environment` is what the command finds on top of ours. Throws RunError (code 1)
  /// when the file or the descriptor cannot be written.
  void announce(const std::vector<Variable>& environment = {});

  /// Readable when the command has ended; -1 while none runs.
  int fd() const { return child_ ? child_->fd() : -1; }

  /// Looks after the command: says its failure once. Call it when fd() is readable.
  void advance();

  /// Asks the command that runs to end.
  void stop();

  /// Whether the command failed: ends a run with 1 when nothing else decided.
  bool failed() const { return failed_; }

 private:
  void write_file() const;
  void write_descriptor();

  ReadinessOptions options_;
  std::optional<Child> child_{};
  bool failed_ = false;
};

}  // namespace mqtt_tools::run
