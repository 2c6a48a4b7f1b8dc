// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "run/child_process.hpp"
#include "run/options.hpp"

#include <optional>
#include <vector>

namespace mqtt_tools::run {

/// Tells whoever asked that all subscriptions are granted: writes the file, the descriptor, starts
/// the command. Once per run.
class Readiness {
 public:
  /// Throws UsageError for a descriptor that is not open. The line of an earlier run is removed.
  /// The command's environment will be that of `connection`.
  Readiness(ReadinessOptions options, const connection::Options& connection);
  ~Readiness();  ///< Leaves a command that still runs alone.
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// Throws RunError (code 1) when the file or the descriptor cannot be written.
  void announce();

  /// Readable when the command has ended; -1 while none runs.
  int fd() const { return child_ ? child_->fd() : -1; }

  /// Looks after the command: says its failure once. Call it when fd() is readable.
  void attend();

  /// Asks the command that runs to end.
  void stop() const;

  /// Whether the command failed: ends a run with 1 when nothing else decided.
  bool failed() const { return failed_; }

 private:
  void write_file() const;
  void write_descriptor();
  void start_command();

  ReadinessOptions options_;
  std::vector<Variable> environment_;
  std::optional<Child> child_{};
  bool announced_ = false;
  bool failed_ = false;
};

/// The environment in which our programs reach the broker of `connection`, as far as variables can
/// tell it: a `mqtt-pub` of an --on-ready command needs no options.
std::vector<Variable> environment_of(const connection::Options& connection);

}  // namespace mqtt_tools::run
