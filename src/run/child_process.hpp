// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "descriptor.hpp"
#include "run/poller.hpp"
#include "run/signals.hpp"

#include <sys/types.h>
#include <unistd.h>
#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
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
  std::string text{};                ///< For `sh -c`.
  std::vector<std::string> words{};  ///< Instead: a program and its arguments.
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
  void terminate() const;

 private:
  pid_t pid_ = -1;
  Descriptor fd_{};
  std::optional<int> status_{};
  int signal_ = 0;
};

/// Signals that come to us and are meant for a child in our process group. They are blocked, and
/// read from fd(), from here on. One thread.
class SignalRelay {
 public:
  SignalRelay();

  int fd() const { return signals_.fd(); }

  /// Passes on what has come to `child`, if it still runs. What the terminal sends reaches it by
  /// itself, as it is in our process group.
  void pass_on(const Child* child);

  bool came(int number) const { return came_.count(number) > 0; }
  bool late() const { return late_; }  ///< One came after the end of the child.

 private:
  SignalQueue signals_;
  std::set<int> came_{};
  bool late_ = false;
};

/// A child's stderr on its way to ours: byte for byte, and its last lines are kept. One thread.
class ErrorOutput {
 public:
  /// Where there are lines to keep; else the child has our stderr itself.
  explicit ErrorOutput(std::size_t lines);

  int for_child() const { return to_.get() >= 0 ? to_.get() : STDERR_FILENO; }
  void started() { to_.reset(); }

  /// Nothing is read while our own stderr does not take what is there: the child waits for its
  /// reader as it would without us.
  void on(Poller& poller) const;

  void copy();

  /// The last lines, as text.
  std::string last_lines() const;

 private:
  bool write_pending();
  void keep(std::string_view text);

  std::size_t lines_;
  Descriptor from_{};
  Descriptor to_{};
  std::string pending_{};  ///< Read, and not yet written.
  std::deque<std::string> kept_{};
  std::string rest_{};  ///< A line that has not ended.
};

}  // namespace mqtt_tools::run
