// SPDX-License-Identifier: MIT
#include "cli/run.hpp"

#include "cli/interrupt.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MQTT_TOOLS_FIND_LEAKS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MQTT_TOOLS_FIND_LEAKS
#endif
#ifdef MQTT_TOOLS_FIND_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

namespace mqtt_tools::cli {
namespace {

constexpr std::string_view wipe = "\r\x1b[K";

std::string name = "mqtt-tools";
bool status_shown = false;

/// One write, so that lines of several processes do not mix. A stderr that nobody reads costs the
/// line, not the run.
void write_stderr(const std::string& line) {
  pollfd reader{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&reader, 1, 1000) == 0) {
    return;
  }
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

/// A socket must never become descriptor 0, 1 or 2. What the shell has closed stays useless:
/// nothing to read on 0, and writing to 1 fails, because output that goes nowhere is no success.
void open_standard_descriptors() {
  constexpr int flags[] = {O_RDONLY, O_RDONLY, O_WRONLY};
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      static_cast<void>(::open("/dev/null", flags[fd]));  // The lowest free number, thus `fd`.
    }
  }
}

/// A reader that left is no failure.
bool stdout_written() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (flushed || errno == EPIPE) {
    return true;
  }
  say(std::string{"cannot write to stdout: "} + std::strerror(errno != 0 ? errno : EIO));
  return false;
}

}  // namespace

void say(std::string_view text) {
  std::string line;
  if (status_shown) {
    line += wipe;
    status_shown = false;
  }
  line += name;
  line += ": ";
  append_escaped(line, text);
  line += '\n';
  write_stderr(line);
}

void show_status(std::string_view text) {
  if (text.empty() && !status_shown) {
    return;
  }
  std::string line{wipe};
  append_escaped(line, text);
  write_stderr(line);
  status_shown = !text.empty();
}

const std::string& program() { return name; }

void leave(ExitCode code) {
  show_status({});
  if (!stdout_written() && code == ExitCode::ok) {
    code = ExitCode::failure;
  }
  // Looked for here, and not at the end of exit(): OpenSSL's own end forgets what it keeps for each
  // thread that is still there, which would then count as leaked.
#ifdef MQTT_TOOLS_FIND_LEAKS
  __lsan_do_leak_check();
#endif
  constexpr int first_signal_code = 128;
  if (const int signal = static_cast<int>(code) - first_signal_code; signal > 0) {
    end_by_signal(signal);
  }
  ::_exit(static_cast<int>(code));
}

void run(std::string_view program, const std::function<ExitCode()>& body) {
  name = program;
  open_standard_descriptors();
  ignore_broken_pipes();

  ExitCode code = ExitCode::failure;
  try {
    code = body();
  } catch (const UsageError& error) {
    say(error.what());
    code = ExitCode::usage;
  } catch (const RunError& error) {
    say(error.what());
    code = error.code();
  } catch (const std::bad_alloc&) {
    say("unexpected: out of memory");
  } catch (const std::exception& error) {
    say(std::string{"unexpected: "} + error.what());
  } catch (...) {
    say("unexpected: an error without words");
  }
  leave(code);
}

}  // namespace mqtt_tools::cli
