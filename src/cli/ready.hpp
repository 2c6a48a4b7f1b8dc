// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spawn.hpp"
#include "cli/sub_options.hpp"
#include "connection/options.hpp"

#include <optional>
#include <vector>

namespace mqtt_tools::cli {

/// Tells whoever asked that all subscriptions are granted: writes the file, the descriptor, starts
/// the command. Once per run.
class Ready {
 public:
  /// Throws UsageError for a descriptor that is not open. The line of an earlier run is removed.
  /// The command's environment will be that of `connection`.
  Ready(ReadyOptions options, const connection::Options& connection);
  ~Ready();  ///< Leaves a command that still runs alone.
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;

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

  ReadyOptions options_;
  std::vector<Variable> environment_;
  std::optional<Child> child_{};
  bool announced_ = false;
  bool failed_ = false;
};

/// The environment in which our programs reach the broker of `connection`, as far as variables can
/// tell it: a `mqtt-pub` of an --on-ready command needs no options.
std::vector<Variable> environment_of(const connection::Options& connection);

}  // namespace mqtt_tools::cli
