// SPDX-License-Identifier: MIT
#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace mqtt_tools::support {

namespace {

/// Both ends of a new pseudo-terminal that passes bytes on as they are.
Pipe make_terminal() {
  int master = -1;
  int slave = -1;
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 80;
  checked(openpty(&master, &slave, nullptr, nullptr, &size), "openpty");
  Pipe ends{Descriptor{master}, Descriptor{slave}};
  termios mode{};
  checked(tcgetattr(slave, &mode), "tcgetattr");
  mode.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  checked(tcsetattr(slave, TCSANOW, &mode), "tcsetattr");
  for (const int fd : {master, slave}) checked(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
  return ends;
}

enum class Flow { open, ended };

/// Appends what `fd` has at hand to `text`.
Flow take(int fd, std::string& text) {
  std::array<char, 65536> buffer;
  while (true) {
    const auto size = read(fd, buffer.data(), buffer.size());
    if (size > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
    } else if (size < 0 && errno == EINTR) {
      continue;
    } else {
      // A terminal that nobody holds any more answers EIO.
      return size < 0 && errno == EAGAIN ? Flow::open : Flow::ended;
    }
  }
}

/// A program that left must not take the tests with it.
[[maybe_unused]] const auto no_sigpipe = ::signal(SIGPIPE, SIG_IGN);

}  // namespace

Process::Process(const Command& command) {
  const Prepared prepared{command};
  Ends ends;
  Pipe terminal;
  Pipe input;
  Pipe output;
  Pipe errors;
  Descriptor null;
  for (const int wanted : {command.input_, command.output_, command.errors_}) {
    if (wanted == Command::terminal && !terminal.read) terminal = make_terminal();
  }

  if (command.input_ == Command::null) {
    null = Descriptor{checked(open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null")};
    ends.input = null.get();
  } else if (command.input_ == Command::pipe) {
    input = make_pipe();
    ends.input = input.read.get();
  } else {
    ends.input = command.input_ == Command::terminal ? terminal.write.get() : command.input_;
  }
  const auto outward = [&terminal](int wanted, Pipe& pipe) {
    if (wanted == Command::terminal) return terminal.write.get();
    if (wanted != Command::captured) return wanted;
    pipe = make_pipe();
    return pipe.write.get();
  };
  ends.output = outward(command.output_, output);
  ends.errors = outward(command.errors_, errors);
  ends.terminal = static_cast<bool>(terminal.read);

  started_ = std::chrono::steady_clock::now();
  process_ = launch(prepared, ends);
  process_.input = std::move(input.write);
  process_.output = std::move(output.read);
  process_.errors = std::move(errors.read);
  if (terminal.read) {
    if (command.input_ == Command::terminal) {
      process_.input = Descriptor{checked(fcntl(terminal.read.get(), F_DUPFD_CLOEXEC, 3), "dup")};
    }
    const bool is_output = command.output_ == Command::terminal || process_.errors;
    (is_output ? process_.output : process_.errors) = std::move(terminal.read);
  }
  for (const auto* end : {&process_.input, &process_.output, &process_.errors}) {
    if (*end) set_nonblocking(end->get());
  }
  input_ = command.input_text_;
  input_closing_ = command.input_ == Command::pipe && !command.input_stays_open_;
  attendant_ = std::thread{[this] { attend(); }};
}

Process::~Process() {
  leaving_ = true;
  wakeup_.raise();
  attendant_.join();
  // Not reaped before, so that nobody else can have this number.
  kill(-process_.pid, SIGKILL);
  kill(process_.pid, SIGKILL);
  waitpid(process_.pid, nullptr, 0);
}

void Process::attend() {
  while (!leaving_) {
    std::array<pollfd, 5> fds{{{wakeup_.fd(), POLLIN, 0},
                               {process_.exited.get(), POLLIN, 0},
                               {process_.output.get(), POLLIN, 0},
                               {process_.errors.get(), POLLIN, 0},
                               {-1, POLLOUT, 0}}};
    {
      const std::lock_guard lock{mutex_};
      if (input_.empty() && input_closing_) process_.input.close();
      if (!input_.empty()) fds[4].fd = process_.input.get();
    }
    poll(fds.data(), fds.size(), -1);
    if (fds[0].revents != 0) wakeup_.clear();

    if (fds[4].revents != 0) {
      const std::lock_guard lock{mutex_};
      const auto size = ::write(process_.input.get(), input_.data(), input_.size());
      if (size > 0) input_.erase(0, static_cast<std::size_t>(size));
      if (size < 0 && errno != EAGAIN && errno != EINTR) {
        input_.clear();
        process_.input.close();
      }
    }

    const bool exited = fds[1].revents != 0;
    const auto now = std::chrono::steady_clock::now();
    {
      const std::lock_guard lock{mutex_};
      if (fds[2].revents != 0 || exited) {
        if (take(process_.output.get(), out_) == Flow::ended) process_.output.close();
      }
      if (fds[3].revents != 0 || exited) {
        if (take(process_.errors.get(), err_) == Flow::ended) process_.errors.close();
      }
    }
    if (exited) {
      siginfo_t info{};
      rusage usage{};
      // The library's waitid() does not hand out the usage that the system call does.
      syscall(SYS_waitid, P_PID, process_.pid, &info, WEXITED | WNOWAIT, &usage);
      const std::lock_guard lock{mutex_};
      status_ = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
      ended_ = now;
      peak_ = usage.ru_maxrss;
      process_.exited.close();
    }
    changed_.notify_all();
  }
}

bool Process::wait_for(const std::string& in, std::string_view text, milliseconds limit,
                       int times) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::size_t searched = 0;
  std::unique_lock lock{mutex_};
  for (bool last = false;;) {
    for (auto found = in.find(text, searched); found != std::string::npos;) {
      if (--times == 0) return true;
      searched = found + text.size();
      found = in.find(text, searched);
    }
    if (last) return false;
    if (in.size() >= text.size()) searched = std::max(searched, in.size() - text.size() + 1);
    last = status_ || changed_.wait_until(lock, end) == std::cv_status::timeout;
  }
}

bool Process::wait_for_out(std::string_view text, milliseconds limit, int times) {
  return wait_for(out_, text, limit, times);
}

bool Process::wait_for_err(std::string_view text, milliseconds limit, int times) {
  return wait_for(err_, text, limit, times);
}

Result Process::wait(milliseconds limit) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, limit, [this] { return status_.has_value(); });
  Result result;
  result.ended = status_.has_value();
  if (status_ && *status_ >= 0) result.code = *status_;
  if (status_ && *status_ < 0) result.signal = -*status_;
  result.out = so_far(process_.output, out_);
  result.err = so_far(process_.errors, err_);
  const auto end = status_ ? ended_ : std::chrono::steady_clock::now();
  result.peak_resident = peak_;
  result.duration = std::chrono::duration_cast<milliseconds>(end - started_);
  return result;
}

/// Also what the attendant has not seen yet: whoever knows from elsewhere that something was
/// written finds it. Only the attendant closes the descriptor, which it waits on.
const std::string& Process::so_far(const Descriptor& from, std::string& text) {
  if (from) take(from.get(), text);
  return text;
}

std::string Process::out() const {
  const std::lock_guard lock{mutex_};
  return so_far(process_.output, out_);
}

std::string Process::err() const {
  const std::lock_guard lock{mutex_};
  return so_far(process_.errors, err_);
}

std::size_t Process::out_size() const { return out().size(); }

bool Process::running() const {
  const std::lock_guard lock{mutex_};
  return !status_;
}

void Process::write(std::string_view text) {
  {
    const std::lock_guard lock{mutex_};
    input_ += text;
  }
  wakeup_.raise();
}

void Process::close_input() {
  {
    const std::lock_guard lock{mutex_};
    input_closing_ = true;
  }
  wakeup_.raise();
}

void Process::signal(int number) { kill(process_.pid, number); }

void Process::signal_group(int number) { kill(-process_.pid, number); }

long Process::status_number(std::string_view name) const {
  const auto status = read_file("/proc/" + std::to_string(process_.pid) + "/status");
  const auto place = status.find(name);
  return place == std::string::npos ? 0 : std::atol(status.c_str() + place + name.size());
}

std::string Process::command_line() const {
  return read_file("/proc/" + std::to_string(process_.pid) + "/cmdline");
}

Result run(const Command& command, milliseconds limit) { return Process{command}.wait(limit); }

Result run(Command command, std::string input, milliseconds limit) {
  return Process{command.input(std::move(input))}.wait(limit);
}

}  // namespace mqtt_tools::support
