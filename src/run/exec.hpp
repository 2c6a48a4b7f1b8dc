// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "run/child_process.hpp"
#include "run/options.hpp"
#include "run/poller.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::run {

/// Runs a command for each message (--exec): the payload on its stdin, the rest in its environment,
/// nothing in its words. At most --jobs of them at once; with one, in the order of the messages.
class Exec {
 public:
  explicit Exec(ExecOptions options);
  ~Exec();  ///< Leaves commands that still run alone.
  Exec(const Exec&) = delete;
  Exec& operator=(const Exec&) = delete;

  /// Whether start() may be called: take no message while it may not.
  bool can_start() const;

  /// Starts the command for `message`; its environment also has the variables of `connection`. One
  /// that cannot be started beside others, for want of descriptors, say, waits until one of them
  /// has ended; one that cannot be started alone counts as failed.
  void start(const Message& message, std::vector<Variable> connection = {});

  /// Waits for the commands that run.
  void add_to(Poller& poller) const;

  /// Looks after the commands; says each failure. Call it after each wait.
  void advance();

  /// The answers of commands that ended well, ready to be published (--reply), since the last call.
  std::vector<Message> replies();

  bool busy() const { return !jobs_.empty(); }  ///< Commands run.

  /// How many commands failed: any ends a run with 1 when nothing else decided.
  std::uint64_t failures() const { return failures_; }

  /// Asks the commands that run to end; says it of a message whose command waits to be started.
  void stop();

 private:
  struct Job;

  void fail(const std::string& topic, const std::string& what);

  ExecOptions options_;
  std::vector<std::unique_ptr<Job>> jobs_{};
  std::optional<Message> waiting_{};  ///< Until a command has ended: there are some.
  std::vector<Variable> waiting_connection_{};
  std::vector<Message> replies_{};
  std::uint64_t failures_ = 0;
  bool unanswerable_told_ = false;
};

}  // namespace mqtt_tools::run
