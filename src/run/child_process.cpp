// SPDX-License-Identifier: MIT
#include "run/child_process.hpp"

#include "error.hpp"
#include "run/cpu_affinity.hpp"
#include "run/signals.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

extern "C" char** environ;

namespace mqtt_tools::run {
namespace {

std::vector<std::string> environment_with(const std::vector<Variable>& variables) {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(variables.begin(), variables.end(),
                                      [&](const Variable& one) { return one.name == name; });
    if (!replaced) {
      result.emplace_back(text);
    }
  }
  for (const auto& variable : variables) {
    // An environment has no room for NUL: what holds one cannot be told in it.
    if (variable.value && variable.value->find('\0') == std::string::npos) {
      result.push_back(variable.name + '=' + *variable.value);
    }
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

/// What posix_spawn() does in the child before the program begins.
class Preparation {
 public:
  explicit Preparation(const ShellCommand& command) {
    ::posix_spawn_file_actions_init(&actions_);
    if (command.input < 0) {
      ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    } else {
      ::posix_spawn_file_actions_adddup2(&actions_, command.input, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, command.output, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, command.error, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);  // Paho's sockets lack CLOEXEC.

    const ChildSignals& signals = child_signals();
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &signals.mask);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals.defaults);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Preparation() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Child::Child(const ShellCommand& command) {
  std::vector<std::string> arguments{"sh", "-c", command.text};
  std::vector<std::string> variables = environment_with(command.environment);
  const Preparation preparation{command};
  const Roaming anywhere;
  const int error = ::posix_spawn(&pid_, "/bin/sh", preparation.actions(), preparation.attributes(),
                                  pointers(arguments).data(), pointers(variables).data());
  if (error != 0) {
    throw RunError{ExitCode::failure,
                   std::string{"cannot start a command with /bin/sh: "} + std::strerror(error)};
  }
  fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));  // Close-on-exec by itself.
  if (fd_ < 0) {
    const int reason = errno;
    terminate();
    throw RunError{ExitCode::failure,
                   std::string{"cannot watch a command: "} + std::strerror(reason)};
  }
}

Child::~Child() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Child::Child(Child&& other) noexcept { *this = std::move(other); }

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(fd_, other.fd_);
  std::swap(status_, other.status_);
  return *this;
}

std::optional<int> Child::status() {
  int how = 0;
  if (!status_ && pid_ > 0 && ::waitpid(pid_, &how, WNOHANG) == pid_) {
    status_ = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
  }
  return status_;
}

void Child::terminate() const {
  if (pid_ > 0 && !status_) {
    ::kill(-pid_, SIGTERM);
  }
}

}  // namespace mqtt_tools::run
