// SPDX-License-Identifier: MIT
#include "run/signals.hpp"

#include "error.hpp"

#include <sys/signalfd.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

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
  for (const int signal : {SIGPIPE, SIGXFSZ}) {  // The second by a spool.
    if (!ignored(signal)) sigaddset(&signals.defaults, signal);
  }
  return signals;
}

ChildSignals& known_signals() {
  static ChildSignals signals = as_the_shell_left_them();
  return signals;
}

/// What the run listens to: a signal that is ignored stays so.
sigset_t wanted_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (!ignored(signal)) {
      sigaddset(&wanted, signal);
    }
  }
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
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (sigismember(&signals, signal) == 1) {
      ::sigaction(signal, &action, nullptr);
    }
  }
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

Signals::Signals(UserSignal user_signal) {
  known_signals();  // Before they change.
  sigset_t wanted = wanted_signals();
  if (user_signal == UserSignal::asks) sigaddset(&wanted, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  fd_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ < 0) {
    throw RunError{ExitCode::failure, std::string{"cannot watch signals: "} + std::strerror(errno)};
  }
}

Signals::~Signals() { ::close(fd_); }

std::optional<ExitCode> Signals::raised() {
  signalfd_siginfo info{};
  while (::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGUSR1) {
      asked_ = true;
      continue;
    }
    if (first_) break;
    first_ = static_cast<ExitCode>(exit_offset + static_cast<int>(info.ssi_signo));
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

void ignore_broken_pipes() {
  known_signals() = as_the_shell_left_them();
  ::signal(SIGPIPE, SIG_IGN);
}

const ChildSignals& child_signals() { return known_signals(); }

}  // namespace mqtt_tools::run
