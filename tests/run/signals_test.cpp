// SPDX-License-Identifier: MIT
#include "run/signals.hpp"

#include "run/forked.hpp"

#include "catch.hpp"

#include <poll.h>
#include <unistd.h>
#include <csignal>

namespace mqtt_tools::run {
namespace {

bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

/// The code of a process in which `act` runs and then tells by its exit that all is well; the
/// signal that ended it, below zero.
int code_of(const std::function<bool()>& act) {
  const Told told = forked([&] { ::_exit(act() ? 0 : 1); });
  return told.signal != 0 ? -told.signal : told.code;
}

TEST_CASE("each signal is told once it came and gives its exit code") {
  struct Case {
    int signal;
    ExitCode code;
  };
  for (const auto& [signal, code] :
       {Case{SIGINT, ExitCode::interrupted}, Case{SIGTERM, ExitCode::terminated},
        Case{SIGHUP, ExitCode::hangup}, Case{SIGQUIT, ExitCode::quit}}) {
    CAPTURE(signal);
    CHECK(code_of([signal = signal, code = code] {
            Signals signals;
            const bool silent = !readable(signals.fd()) && !signals.raised();
            std::raise(signal);
            return silent && readable(signals.fd()) && signals.raised() == code &&
                   signals.raised() == code && !readable(signals.fd());
          }) == 0);
  }
}

TEST_CASE("a second signal ends the process at once") {
  CHECK(code_of([] {
          Signals signals;
          std::raise(SIGINT);
          signals.raised();
          std::raise(SIGTERM);  // Nobody asks any more.
          return true;
        }) == -SIGTERM);
  CHECK(code_of([] {
          Signals signals;
          std::raise(SIGINT);
          signals.raised();
          std::raise(SIGINT);
          return true;
        }) == -SIGINT);
}

TEST_CASE("SIGUSR1 asks for a report where that is wanted, and ends the process elsewhere") {
  CHECK(code_of([] {
          Signals signals{Signals::UserSignal::asks};
          const bool silent = !signals.raised() && !signals.asked();
          std::raise(SIGUSR1);
          const bool told = readable(signals.fd()) && !signals.raised() && signals.asked();
          return silent && told && !signals.asked() && !readable(signals.fd());
        }) == 0);
  CHECK(code_of([] {
          Signals signals{Signals::UserSignal::asks};
          std::raise(SIGUSR1);
          std::raise(SIGTERM);
          const bool both = signals.raised() == ExitCode::terminated && signals.asked();
          std::raise(SIGUSR1);  // While the run ends: nobody waits in vain for it to be read.
          signals.raised();
          return both && !readable(signals.fd());
        }) == 0);
  CHECK(code_of([] {
          Signals signals;
          std::raise(SIGUSR1);
          return true;
        }) == -SIGUSR1);
}

TEST_CASE("a signal that was ignored at the start stays ignored") {
  CHECK(code_of([] {
          ::signal(SIGHUP, SIG_IGN);
          Signals signals;
          std::raise(SIGHUP);
          if (readable(signals.fd()) || signals.raised()) {
            return false;
          }
          std::raise(SIGTERM);
          if (signals.raised() != ExitCode::terminated) {
            return false;
          }
          std::raise(SIGHUP);
          return true;
        }) == 0);
}

TEST_CASE("children get the signals as the shell left them") {
  CHECK(code_of([] {
          set_up_signals();
          const Signals blocked;
          const ChildSignals& signals = child_signals();
          return sigismember(&signals.mask, SIGINT) == 0 &&
                 sigismember(&signals.defaults, SIGPIPE) == 1;
        }) == 0);
  CHECK(code_of([] {
          ::signal(SIGPIPE, SIG_IGN);
          set_up_signals();
          return sigismember(&child_signals().defaults, SIGPIPE) == 0;
        }) == 0);
}

}  // namespace
}  // namespace mqtt_tools::run
