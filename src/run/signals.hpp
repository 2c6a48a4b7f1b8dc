// SPDX-License-Identifier: MIT
#pragma once

#include "descriptor.hpp"
#include "error.hpp"

#include <sys/signalfd.h>
#include <csignal>
#include <initializer_list>
#include <optional>
#include <utility>

namespace mqtt_tools::run {

/// Those of `signals` that are not ignored.
sigset_t not_ignored(std::initializer_list<int> signals);

/// Signals that are read as they come. They are blocked from here on, in this thread and those it
/// starts, and stay so.
class SignalQueue {
 public:
  /// Throws RunError.
  explicit SignalQueue(const sigset_t& signals);

  int fd() const { return fd_.get(); }

  std::optional<signalfd_siginfo> next();  ///< Does not wait.

 private:
  Descriptor fd_;
};

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT as a question one can ask. A signal that was ignored at the
/// start (nohup, `&`) stays ignored. A second signal ends the process at once, by itself.
class Signals {
 public:
  /// What SIGUSR1 does: ends the process, as it does by default, or asks for a report.
  enum class UserSignal { ends, asks };

  /// Before any other thread is started.
  explicit Signals(UserSignal user_signal = UserSignal::ends);

  int fd() const { return signals_.fd(); }

  /// Reads what has come; the exit code of the first signal, if there was one.
  std::optional<ExitCode> raised();

  /// Whether SIGUSR1 has come since the last call, as far as raised() has read.
  bool asked() { return std::exchange(asked_, false); }

 private:
  SignalQueue signals_;
  bool asked_ = false;
  std::optional<ExitCode> first_{};
};

/// Ends the process by `signal` itself, so that the shell and service managers know why: its
/// default action is restored, it is unblocked and raised. Process 1 of a container is spared by
/// that, and ends with the code that a shell gives for it, 128 + `signal`. Async-signal-safe.
[[noreturn]] void end_by_signal(int signal) noexcept;

/// What is done before a second signal ends the process at once; null: nothing more. It must be
/// async-signal-safe.
void before_sudden_end(void (*restore)()) noexcept;

/// Ignores SIGPIPE and SIGXFSZ: that a reader left or a file may not grow is told by write(). Heeds
/// SIGCHLD: were it ignored, as it may be by our parent's will, nobody could learn how a command
/// ended. Before any Signals.
void set_up_signals();

/// What a child must be given so that it finds the signals as the shell left them to us.
struct ChildSignals {
  sigset_t mask{};      ///< Blocked.
  sigset_t defaults{};  ///< Ignored by us only.
};

/// As they are when this is called first, which a SignalQueue does.
ChildSignals& child_signals();

}  // namespace mqtt_tools::run
