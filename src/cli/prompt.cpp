// SPDX-License-Identifier: MIT
#include "cli/prompt.hpp"

#include "error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace mqtt_tools::cli {

namespace {

constexpr std::size_t longest = 65'535;  // MQTT 5.0 §1.5.6: binary data has a two-byte length.
constexpr std::array<int, 3> ending{SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t signal_seen = 0;

void see(int number) { signal_seen = number; }

/// While it lives, the signals that end a process are held back, but for the time of wait(). One
/// that is ignored stays ignored.
class Ears {
 public:
  Ears() {
    signal_seen = 0;
    sigset_t held;
    sigemptyset(&held);
    for (std::size_t at = 0; at < ending.size(); ++at) {
      struct sigaction action {};
      action.sa_handler = see;
      sigaction(ending[at], nullptr, &before_[at]);
      if (before_[at].sa_handler != SIG_IGN) {
        sigaction(ending[at], &action, nullptr);
        sigaddset(&held, ending[at]);
      }
    }
    pthread_sigmask(SIG_BLOCK, &held, &mask_);
    open_ = mask_;
    for (const int number : ending) {
      if (sigismember(&held, number) == 1) {
        sigdelset(&open_, number);
      }
    }
  }

  ~Ears() {
    for (std::size_t at = 0; at < ending.size(); ++at) {
      sigaction(ending[at], &before_[at], nullptr);
    }
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  Ears(const Ears&) = delete;
  Ears& operator=(const Ears&) = delete;

  /// Waits until `fd` is readable; throws RunError when a signal comes instead.
  void wait(int fd) const {
    pollfd line{fd, POLLIN, 0};
    while (::ppoll(&line, 1, nullptr, &open_) < 0) {
      if (signal_seen != 0) {
        throw RunError(static_cast<ExitCode>(128 + signal_seen),
                       "interrupted while asking for the password");
      }
    }
  }

 private:
  std::array<struct sigaction, ending.size()> before_{};
  sigset_t mask_{};
  sigset_t open_{};
};

/// A terminal that does not show what is typed, for as long as it lives.
class Blindfold {
 public:
  explicit Blindfold(int fd) : fd_(fd) {
    tcgetattr(fd, &before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL | ICANON | ISIG;
    tcsetattr(fd, TCSAFLUSH, &quiet);
  }

  ~Blindfold() { tcsetattr(fd_, TCSAFLUSH, &before_); }

  Blindfold(const Blindfold&) = delete;
  Blindfold& operator=(const Blindfold&) = delete;

 private:
  int fd_;
  termios before_{};
};

struct Terminal {
  explicit Terminal(const std::string& path)
      : fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)) {}
  ~Terminal() {
    if (fd >= 0) {
      ::close(fd);
    }
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int fd;
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
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      throw RunError(ExitCode::failure,
                     std::string{"cannot read the password: "} + std::strerror(errno));
    }
    if (count == 0 && line.empty()) {
      throw UsageError("no password came: its first line is empty or missing");
    }
    ended = count == 0 || letter == '\n';
    if (!ended) {
      line += letter;
    }
  }
  if (!line.empty() && line.back() == '\r') {
    line.pop_back();
  }
  return line;
}

std::string ask_password(const std::string& path) {
  const Terminal terminal{path};
  if (terminal.fd < 0 || ::isatty(terminal.fd) != 1) {
    throw UsageError("--ask-password needs a terminal; without one use --password-file");
  }
  const Ears ears;
  const Blindfold blindfold{terminal.fd};
  show(terminal.fd, "Password: ");
  ears.wait(terminal.fd);
  return read_line(terminal.fd);  // A terminal gives whole lines.
}

}  // namespace mqtt_tools::cli
