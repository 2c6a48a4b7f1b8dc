// SPDX-License-Identifier: MIT
#include "run/program.hpp"

#include "run/log.hpp"
#include "run/signals.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdio>
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
#ifdef MQTT_TOOLS_COVERAGE
extern "C" void __gcov_dump();  // Of GCC, whose header has it without the "C".
#endif

namespace mqtt_tools::run {
namespace {

/// A socket must never become descriptor 0, 1 or 2. What the shell has closed stays useless:
/// reading from 0 and writing to 1 fail, because a message from nowhere and output that goes
/// nowhere are no success.
void open_standard_descriptors() {
  constexpr int flags[] = {O_WRONLY, O_RDONLY, O_WRONLY};
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
  if (flushed || errno == EPIPE) return true;
  log(failed_call("cannot write to stdout", errno != 0 ? errno : EIO).what());
  return false;
}

/// Takes the progress line away and writes what is left for stdout: false if that failed.
bool finish_output() {
  show_status({});
  const bool written = stdout_written();
  // Looked for here, and not at the end of exit(): OpenSSL's own end forgets what it keeps for each
  // thread that is still there, which would then count as leaked.
#ifdef MQTT_TOOLS_FIND_LEAKS
  __lsan_do_leak_check();
#endif
#ifdef MQTT_TOOLS_COVERAGE
  __gcov_dump();
#endif
  return written;
}

}  // namespace

void exit_process(ExitCode code) {
  constexpr int first_signal_code = 128;
  if (const int signal = static_cast<int>(code) - first_signal_code; signal > 0) {
    finish_output();
    end_by_signal(signal);
  }
  exit_with(static_cast<int>(code));
}

void exit_with(int code) {
  if (!finish_output() && code == 0) code = static_cast<int>(ExitCode::failure);
  ::_exit(code);
}

void run_program(std::string_view name, const std::function<ExitCode()>& body) {
  set_program_name(name);
  open_standard_descriptors();
  // Help and the like are written by stdout_written() alone: why it failed is known there only.
  static std::array<char, std::size_t{1024} * 1024> buffer;
  std::setvbuf(stdout, buffer.data(), _IOFBF, buffer.size());
  set_up_signals();

  ExitCode code = ExitCode::failure;
  try {
    code = body();
  } catch (const UsageError& error) {
    log(error.what());
    code = ExitCode::usage;
  } catch (const RunError& error) {
    log(error.what());
    code = error.code();
  } catch (const std::bad_alloc&) {
    log("unexpected: out of memory");
  } catch (const std::exception& error) {
    log(std::string{"unexpected: "} + error.what());
  } catch (...) {
    log("unexpected: an error without a message");
  }
  exit_process(code);
}

}  // namespace mqtt_tools::run
