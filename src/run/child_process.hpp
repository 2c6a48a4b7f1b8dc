// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "descriptor.hpp"

#include <signal.h>
#include <sys/types.h>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::run {

/// A variable in the environment of a command; without a value it is not there.
struct Variable {
  std::string name{};
  std::optional<std::string> value{};
};

/// The environment in which our programs reach the very broker that we are connected to as `broker`
/// (HOST:PORT), in the way that `connection` says, whatever the configuration files there are.
/// What others know is in variables of its own, all of it in connection_variable.
std::vector<Variable> environment_of(const connection::Options& connection,
                                     const std::string& broker);

/// What to run, and what it is given.
struct ChildCommand {
  std::string shell_command{};           ///< For `sh -c`.
  std::vector<std::string> arguments{};  ///< Instead: a program and its arguments.
  bool ours = false;  ///< It belongs to our process group, and has all that we have open.
  std::vector<Variable> environment{};  ///< On top of our own.
  int input = -1;                       ///< Its descriptor 0; -1: /dev/null, or ours.
  int output = 1;
  int error = 2;
};

/// A command that runs, and goes on when this goes. The kernel tells through fd() when it has
/// ended.
class Child {
 public:
  /// Starts it with signals as the shell left them to us; in a process group of its own, with no
  /// descriptor but 0, 1 and 2, unless it is `ours`. Throws RunError when it cannot be started:
  /// code 1, for a program by its name 127 (not found) or 126, as a shell has them.
  explicit Child(const ChildCommand& command);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Readable once it has ended.
  int fd() const { return fd_.get(); }

  /// How it ended, once it has: its exit status, or 128 and the signal. Does not wait.
  std::optional<int> status();

  /// The signal that ended it, once it has ended; 0: none did.
  int signal() const { return signal_; }

  void signal(int number) const;  ///< Sends it a signal.

  /// Asks it, and what it started, to end.
  void terminate();

  /// It ended by what terminate() did: no failure of its own.
  bool terminated() const { return terminating_ && signal_ == SIGTERM; }

 private:
  pid_t pid_ = -1;
  Descriptor fd_{};
  std::optional<int> status_{};
  int signal_ = 0;
  bool terminating_ = false;
};

}  // namespace mqtt_tools::run
