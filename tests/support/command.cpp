// SPDX-License-Identifier: MIT
#include "support/command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace mqtt_tools::support {

Command& Command::add(std::initializer_list<std::string> words) {
  words_.insert(words_.end(), words);
  return *this;
}

Command& Command::add(const std::vector<std::string>& words) {
  words_.insert(words_.end(), words.begin(), words.end());
  return *this;
}

Command& Command::environment(const std::string& name, std::string value) {
  environment_[name] = std::move(value);
  return *this;
}

Command& Command::unset(const std::string& name) {
  environment_[name] = std::nullopt;
  return *this;
}

Command& Command::directory(std::string path) {
  directory_ = std::move(path);
  return *this;
}

Command& Command::ignoring(int signal) {
  ignored_.push_back(signal);
  return *this;
}

Command& Command::input(std::string text) {
  input_ = pipe;
  input_text_ = std::move(text);
  input_stays_open_ = false;
  return *this;
}

Command& Command::open_input() {
  input_ = pipe;
  input_stays_open_ = true;
  return *this;
}

Command& Command::input_from(int fd) {
  input_ = fd;
  return *this;
}

Command& Command::output_to(int fd) {
  output_ = fd;
  return *this;
}

Command& Command::errors_to(int fd) {
  errors_ = fd;
  return *this;
}

Command& Command::inherit(int fd) {
  inherited_.push_back(fd);
  return *this;
}

std::string Command::text() const {
  std::string text;
  for (const auto& word : words_) text += (text.empty() ? "" : " ") + word.substr(0, 200);
  return text;
}

namespace {

const std::string& empty_home() {
  static const TemporaryDirectory home;
  static const std::string path = home.path().string();
  return path;
}

std::map<std::string, std::string> default_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equal = text.find('=');
    if (equal == std::string_view::npos) continue;
    if (text.starts_with("MQTT_") && !text.starts_with("MQTT_TOOLS_FAST_IO=")) continue;
    variables[std::string{text.substr(0, equal)}] = text.substr(equal + 1);
  }
  for (const auto* name :
       {"NO_COLOR", "NOTIFY_SOCKET", "POSIXLY_CORRECT", "BASH_ENV", "ENV", "http_proxy",
        "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}) {
    variables.erase(name);
  }
  variables["HOME"] = empty_home();
  variables["XDG_CONFIG_HOME"] = empty_home();
  variables["PATH"] = MQTT_TOOLS_BIN ":" + variables["PATH"] + ":/usr/sbin:/usr/bin:/bin";
  return variables;
}

std::string find_program(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) return name;
  std::istringstream folders{path};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto candidate = folder + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw std::runtime_error{"no program " + name + " in " + path};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// The child's side. Numbers 0, 1, 2 are filled from copies above all others, so that none is
/// overwritten before it is used.
[[noreturn]] void become(const Prepared& prepared, const Ends& ends, char** words, char** variables,
                         pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (ends.terminal) {
    setsid();
  } else {
    setpgid(0, 0);
  }

  const int wanted[] = {ends.input, ends.output, ends.errors};
  int copies[3];
  for (int i = 0; i < 3; ++i) copies[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD, 200);
  for (int i = 0; i < 3; ++i) {
    if (copies[i] < 0) {
      close(i);
    } else {
      dup2(copies[i], i);
      if (isatty(i) == 1) ioctl(i, TIOCSCTTY, 0);
      close(copies[i]);
    }
  }
  for (const int fd : prepared.inherited) fcntl(fd, F_SETFD, 0);

  sigset_t none;
  sigemptyset(&none);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  for (const int signal : prepared.ignored) ::signal(signal, SIG_IGN);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  if (!prepared.directory.empty() && chdir(prepared.directory.c_str()) != 0) _exit(127);
  execve(prepared.program.c_str(), words, variables);
  _exit(127);
}

}  // namespace

Prepared::Prepared(const Command& command)
    : words(command.words_),
      directory(command.directory_),
      ignored(command.ignored_),
      inherited(command.inherited_) {
  auto environment = default_environment();
  for (const auto& [name, value] : command.environment_) {
    if (value) {
      environment[name] = *value;
    } else {
      environment.erase(name);
    }
  }
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  program = find_program(words.at(0), environment["PATH"]);
}

Launched launch(const Prepared& prepared, const Ends& ends) {
  auto word_texts = prepared.words;
  auto variable_texts = prepared.variables;
  const auto words = pointers(word_texts);
  const auto variables = pointers(variable_texts);

  const pid_t parent = getpid();
  // A signal that comes before the child has its own dispositions must not meet ours.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0)
    become(prepared, ends, const_cast<char**>(words.data()), const_cast<char**>(variables.data()),
           parent);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  checked(pid, "fork");
  // Also here, so that the group exists before anyone signals it.
  if (!ends.terminal) setpgid(pid, pid);

  Launched launched;
  launched.pid = pid;
  // glibc 2.36 declares pidfd_open() without extern "C".
  const auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  launched.exited = Descriptor{checked(pidfd, "pidfd_open")};
  return launched;
}

}  // namespace mqtt_tools::support
