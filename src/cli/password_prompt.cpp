// SPDX-License-Identifier: MIT
#include "cli/environment.hpp"

#include "descriptor.hpp"
#include "error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <cerrno>
#include <string_view>

namespace mqtt_tools::cli {

namespace {

constexpr std::size_t longest = 65'535;  // MQTT 5.0 §1.5.6: binary data has a two-byte length.

/// What ends the process, stops it, or lets it go on: the terminal must not be left without echo,
/// nor the password be shown.
bool watched(int signal) { return ends_process(signal) || signal == SIGTSTP || signal == SIGCONT; }

sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

/// While it lives, the signals above are held back, and told by wait(). One that is ignored stays
/// ignored.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (int number = 1; number <= SIGRTMAX; ++number) {
      struct sigaction action {};
      sigaction(number, nullptr, &action);
      const bool heeded = action.sa_handler != SIG_IGN || number == SIGCONT;
      if (watched(number) && heeded) sigaddset(&held, number);
    }
    come_.reset(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
    if (come_.get() < 0) throw failed_call("cannot watch signals");
    pthread_sigmask(SIG_BLOCK, &held, &mask_);
  }

  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  /// Waits until `fd` is readable, which gives 0, or for a signal.
  int wait(int fd) const {
    pollfd lines[] = {{fd, POLLIN, 0}, {come_.get(), POLLIN, 0}};
    signalfd_siginfo info{};
    while (::poll(lines, 2, -1) < 0 || lines[0].revents == 0) {
      if (::read(come_.get(), &info, sizeof info) > 0) return static_cast<int>(info.ssi_signo);
    }
    return 0;
  }

  /// What `signal`, SIGTSTP or SIGTTOU, does by default: stops the process. False when it did not,
  /// as there is no shell that could let it go on.
  bool stop(int signal) const {
    const auto set = only(signal);
    struct sigaction before {};
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    sigaction(signal, &standard, &before);
    ::raise(signal);
    sigset_t mask;
    pthread_sigmask(SIG_UNBLOCK, &set, &mask);
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    sigaction(signal, &before, nullptr);
    return forget_continuation();
  }

  /// Forgets that the process was let go on, if it was: what that calls for is done.
  bool forget_continuation() const {
    const auto set = only(SIGCONT);
    const timespec at_once{};
    return ::sigtimedwait(&set, nullptr, &at_once) == SIGCONT;
  }

  /// Stops the process while the shell has the terminal. 0, or the signal that ends it.
  int wait_for_foreground(int fd) const {
    while (true) {
      sigset_t pending;
      sigpending(&pending);
      for (int number = 1; number <= SIGRTMAX; ++number) {
        if (ends_process(number) && sigismember(&pending, number) == 1) return number;
      }
      if (in_foreground(fd) || !stop(SIGTTOU)) return 0;
    }
  }

 private:
  sigset_t mask_{};  ///< As it was.
  Descriptor come_{};
};

/// A terminal that does not show what is typed, from off() on and for no longer than it lives. What
/// is typed while that changes is forgotten: it was not meant for whoever reads next.
class Echo {
 public:
  explicit Echo(int fd) : fd_(fd) {}
  ~Echo() { on(); }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  /// In the foreground: a shell that reads a line has the terminal in a mode of its own.
  void off() {
    if (!off_) tcgetattr(fd_, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL | ICANON | ISIG;
    tcsetattr(fd_, TCSAFLUSH, &quiet);
    off_ = true;
  }

  /// Not from the background: the shell has the terminal as it wants it.
  void on() {
    if (off_ && in_foreground(fd_)) tcsetattr(fd_, TCSAFLUSH, &before_);
    off_ = false;
  }

 private:
  int fd_;
  bool off_ = false;
  termios before_{};
};

void show(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count <= 0) {
      return;  // A question that cannot be shown can still be answered.
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

std::string read_line(int fd) {
  std::string line;
  bool ended = false;
  while (!ended && line.size() <= longest) {
    char letter = 0;
    const ssize_t count = ::read(fd, &letter, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failed_call("cannot read the password");
    if (count == 0 && line.empty()) {
      throw UsageError("no password came: its first line is empty or missing");
    }
    ended = count == 0 || letter == '\n';
    if (!ended) line += letter;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::string ask_password(const std::string& path) {
  const Descriptor terminal{::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
  const int fd = terminal.get();
  if (::isatty(fd) != 1) {
    throw UsageError("--ask-password needs a terminal; without one use --password-file");
  }
  const HeldSignals signals;
  Echo echo{fd};
  while (true) {
    int signal = signals.wait_for_foreground(fd);
    if (signal == 0) {
      echo.off();
      signals.forget_continuation();
      show(fd, "Password: ");
      signal = signals.wait(fd);
      if (signal == 0) {
        return read_line(fd);  // A terminal gives whole lines.
      }
      if (signal == SIGCONT) {  // A shell that had the terminal meanwhile shows what is typed.
        continue;
      }
      show(fd, "\n");
    }
    echo.on();
    if (signal != SIGTSTP) {
      throw RunError(static_cast<ExitCode>(128 + signal),
                     "interrupted while asking for the password");
    }
    signals.stop(SIGTSTP);
  }
}

}  // namespace mqtt_tools::cli
