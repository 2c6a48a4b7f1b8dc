// SPDX-License-Identifier: MIT
#include "run/signals.hpp"

#include <unistd.h>
#include <atomic>

namespace mqtt_tools::run {
namespace {

constexpr int exit_offset = 128;  // The shell's own rule for a process that a signal ended.

bool ignored(int signal) {
  struct sigaction action = {};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

ChildSignals as_the_shell_left_them() {
  ChildSignals signals;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &signals.mask);
  sigemptyset(&signals.defaults);
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    if (!ignored(signal)) sigaddset(&signals.defaults, signal);
  }
  return signals;
}

/// What the run listens to: a signal that is ignored stays so.
sigset_t wanted_signals(Signals::UserSignal user_signal = Signals::UserSignal::ends) {
  sigset_t wanted = not_ignored({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
  if (user_signal == Signals::UserSignal::asks) sigaddset(&wanted, SIGUSR1);
  return wanted;
}

std::atomic<void (*)()> restore_first{nullptr};

extern "C" void leave_at_once(int signal) {
  if (auto* restore = restore_first.load()) restore();
  end_by_signal(signal);
}

/// From here on a signal ends the process, even if the run no longer asks. By a handler, because
/// the default action would spare process 1 of a container.
void leave_at_the_next(const sigset_t& signals) {
  struct sigaction action = {};
  action.sa_handler = leave_at_once;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    if (sigismember(&signals, signal) == 1) ::sigaction(signal, &action, nullptr);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

sigset_t not_ignored(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) {
    if (!ignored(signal)) sigaddset(&set, signal);
  }
  return set;
}

SignalQueue::SignalQueue(const sigset_t& signals) {
  child_signals();  // Before they change.
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  fd_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (fd_.get() < 0) throw failed_call("cannot watch signals");
}

std::optional<signalfd_siginfo> SignalQueue::next() {
  signalfd_siginfo info{};
  const bool came = ::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info);
  return came ? std::optional{info} : std::nullopt;
}

Signals::Signals(UserSignal user_signal) : signals_(wanted_signals(user_signal)) {}

std::optional<ExitCode> Signals::raised() {
  while (const auto info = signals_.next()) {
    if (info->ssi_signo == SIGUSR1) {
      asked_ = true;
      continue;
    }
    if (first_) break;
    first_ = static_cast<ExitCode>(exit_offset + static_cast<int>(info->ssi_signo));
    leave_at_the_next(wanted_signals());
  }
  return first_;
}

void end_by_signal(int signal) noexcept {
  ::signal(signal, SIG_DFL);
  sigset_t raised;
  sigemptyset(&raised);
  sigaddset(&raised, signal);
  ::raise(signal);  // Also while it is blocked.
  ::pthread_sigmask(SIG_UNBLOCK, &raised, nullptr);
  ::_exit(exit_offset + signal);
}

void before_sudden_end(void (*restore)()) noexcept { restore_first = restore; }

void set_up_signals() {
  child_signals() = as_the_shell_left_them();
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);
}

ChildSignals& child_signals() {
  static ChildSignals signals = as_the_shell_left_them();
  return signals;
}

}  // namespace mqtt_tools::run
