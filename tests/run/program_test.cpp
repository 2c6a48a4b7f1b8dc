// SPDX-License-Identifier: MIT
#include "run/program.hpp"

#include "error.hpp"
#include "run/forked.hpp"
#include "run/log.hpp"
#include "run/signals.hpp"

#include "catch.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>

namespace mqtt_tools::run {
namespace {

Told run_of(const std::function<ExitCode()>& body) {
  return forked([&] { run_program("mqtt-pub", body); });
}

TEST_CASE("a run leaves with the code and the words of what went wrong") {
  struct Case {
    std::function<ExitCode()> body;
    int code;
    const char* said;
  };
  const Case cases[] = {
      {[] { return ExitCode::ok; }, 0, ""},
      {[] { return ExitCode::lost; }, 6, ""},
      {[]() -> ExitCode { throw UsageError{"no topic given"}; }, 2, "mqtt-pub: no topic given\n"},
      {[]() -> ExitCode {
         throw RunError{ExitCode::refused, "bad password"};
       },
       4, "mqtt-pub: bad password\n"},
      {[]() -> ExitCode { throw std::runtime_error{"oh"}; }, 1, "mqtt-pub: unexpected: oh\n"},
      {[]() -> ExitCode { throw std::bad_alloc{}; }, 1, "mqtt-pub: unexpected: out of memory\n"},
      {[]() -> ExitCode { throw 7; }, 1, "mqtt-pub: unexpected: an error without a message\n"},
  };
  for (const auto& [body, code, said] : cases) {
    CAPTURE(said, code);
    const Told told = run_of(body);
    CHECK(told.code == code);
    CHECK(told.error == said);
    CHECK(told.out.empty());
  }
}

TEST_CASE("what is said is one line that no terminal acts on") {
  const Told told = run_of([] {
    log("a\x1b[31m\nb");
    return ExitCode::ok;
  });
  CHECK(told.error.find('\x1b') == std::string::npos);
  CHECK(told.error.find('\n') == told.error.size() - 1);
  CHECK(told.error.rfind("mqtt-pub: a\\x1b[31m", 0) == 0);
}

TEST_CASE("what is said takes the place of the status line, which is gone at the end") {
  const Told told = run_of([] {
    show_status("10 sent");
    log("lost");
    show_status("11 sent");
    return ExitCode::ok;
  });
  CHECK(told.error == "\r\x1b[K10 sent\r\x1b[Kmqtt-pub: lost\n\r\x1b[K11 sent\r\x1b[K");
}

TEST_CASE("what was printed is flushed on the way out") {
  const Told told = run_of([] {
    std::fputs("version 1\n", stdout);
    return ExitCode::ok;
  });
  CHECK(told.code == 0);
  CHECK(told.out == "version 1\n");
}

TEST_CASE("output that cannot be written is no success") {
  const Told full = run_of([] {
    ::dup2(::open("/dev/full", O_WRONLY), STDOUT_FILENO);
    std::fputs("version 1\n", stdout);
    return ExitCode::ok;
  });
  CHECK(full.code == 1);
  CHECK(
      full.error ==
      "mqtt-pub: cannot write to stdout: No space left on device (df shows where there is some)\n");

  const Told closed = forked([] {
    ::close(STDOUT_FILENO);
    run_program("mqtt-pub", [] {
      std::fputs("version 1\n", stdout);
      return ExitCode::ok;
    });
  });
  CHECK(closed.code == 1);
}

TEST_CASE("a reader of stdout that left is no failure") {
  const Told told = run_of([] {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) {
      return ExitCode::failure;
    }
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    std::fputs("version 1\n", stdout);
    return ExitCode::ok;
  });
  CHECK(told.code == 0);
  CHECK(told.error.empty());
}

TEST_CASE("descriptors that the shell closed are open and useless") {
  const Told told = forked([] {
    for (const int fd : {0, 1, 2}) {
      ::close(fd);
    }
    run_program("mqtt-pub", [] {
      char byte = 0;
      const bool as_promised = ::read(0, &byte, 1) < 0 && errno == EBADF &&
                               ::write(1, "x", 1) < 0 && errno == EBADF &&
                               ::write(2, "x", 1) == 1 && ::open("/dev/null", O_RDONLY) > 2;
      return as_promised ? ExitCode::ok : ExitCode::failure;
    });
  });
  CHECK(told.code == 0);
}

TEST_CASE("a run that a signal ended ends by that signal, after what was printed") {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
    const Told told = run_of([signal] {
      const Signals signals;  // Blocks it.
      std::fputs("message\n", stdout);
      return static_cast<ExitCode>(128 + signal);
    });
    CHECK(told.signal == signal);
    CHECK(told.out == "message\n");
  }
}

TEST_CASE("a broken pipe does not end a run by signal") {
  const Told told = run_of([] {
    std::raise(SIGPIPE);
    return ExitCode::ok;
  });
  CHECK(told.code == 0);
}

}  // namespace
}  // namespace mqtt_tools::run
