// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>

/// What a process told and how it ended.
struct Told {
  std::string out{};
  std::string error{};
  int code = -1;   ///< 128 and the signal, for one that a signal ended.
  int signal = 0;  ///< The signal that ended it.
};

/// Runs `act` in a process of its own, which ends with 99 should it return.
inline Told forked(const std::function<void()>& act) {
  int out[2] = {-1, -1};
  int error[2] = {-1, -1};
  if (::pipe(out) != 0 || ::pipe(error) != 0) {
    return {};
  }
  // What waits in buffers here is not the child's to say.
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(error[1], STDERR_FILENO);
    for (const int fd : {out[0], out[1], error[0], error[1]}) {
      ::close(fd);
    }
    // As a shell starts a process: other tests here ignore them.
    for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
    act();
    ::_exit(99);
  }
  ::close(out[1]);
  ::close(error[1]);

  const auto read_all = [](int fd) {
    std::string text;
    char block[4096];
    for (ssize_t count = 0; (count = ::read(fd, block, sizeof block)) > 0;) {
      text.append(block, static_cast<std::size_t>(count));
    }
    ::close(fd);
    return text;
  };
  Told told;
  told.out = read_all(out[0]);
  told.error = read_all(error[0]);
  int how = 0;
  ::waitpid(pid, &how, 0);
  told.signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
  told.code = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
  return told;
}
