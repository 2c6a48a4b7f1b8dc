// SPDX-License-Identifier: MIT
#include "cli/environment.hpp"

#include "catch.hpp"
#include "error.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>
#include <string>
#include <thread>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

namespace {

/// A terminal whose other side the test holds.
struct FakeTerminal {
  FakeTerminal() : master(posix_openpt(O_RDWR | O_NOCTTY)) {
    grantpt(master);
    unlockpt(master);
    path = ptsname(master);
    slave = open(path.c_str(), O_RDWR | O_NOCTTY);  // Keeps the settings between opens.
  }
  ~FakeTerminal() {
    close(slave);
    close(master);
  }
  FakeTerminal(const FakeTerminal&) = delete;
  FakeTerminal& operator=(const FakeTerminal&) = delete;

  bool shows() const {
    termios settings{};
    tcgetattr(slave, &settings);
    return (settings.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
  }

  void show() const {
    termios settings{};
    tcgetattr(slave, &settings);
    settings.c_lflag |= static_cast<tcflag_t>(ECHO);
    tcsetattr(slave, TCSANOW, &settings);
  }

  /// Until the question is out: then nothing is shown any more.
  void wait_for_question() const {
    std::string text;
    char letter = 0;
    while (text.find("Password: ") == std::string::npos && read(master, &letter, 1) == 1) {
      text += letter;
    }
  }

  int master;
  int slave = -1;
  std::string path{};
};

}  // namespace

TEST_CASE("a password is asked for without being shown, and the terminal is as it was") {
  const FakeTerminal terminal;
  REQUIRE(terminal.shows());
  bool shown = true;
  std::thread person([&] {
    terminal.wait_for_question();
    shown = terminal.shows();
    CHECK(write(terminal.master, "s3cret\n", 7) == 7);
  });
  const std::string password = ask_password(terminal.path);
  person.join();
  CHECK(password == "s3cret");
  CHECK_FALSE(shown);
  CHECK(terminal.shows());
}

TEST_CASE("a signal ends the question with its code and the terminal as it was") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM, SIGRTMIN}) {
    CAPTURE(signal);
    const FakeTerminal terminal;
    const pthread_t asking = pthread_self();
    std::thread person([&] {
      terminal.wait_for_question();
      pthread_kill(asking, signal);
    });
    int code = 0;
    try {
      ask_password(terminal.path);
    } catch (const RunError& error) {
      code = static_cast<int>(error.code());
    }
    person.join();
    CHECK(code == 128 + signal);
    CHECK(terminal.shows());
  }
}

TEST_CASE("a process that is let go on asks again, and does not show the password") {
  const FakeTerminal terminal;
  const pthread_t asking = pthread_self();
  bool shown = true;
  std::thread person([&] {
    terminal.wait_for_question();
    terminal.show();  // As a shell does that had the terminal meanwhile.
    pthread_kill(asking, SIGCONT);
    terminal.wait_for_question();
    shown = terminal.shows();
    CHECK(write(terminal.master, "s3cret\n", 7) == 7);
  });
  CHECK(ask_password(terminal.path) == "s3cret");
  person.join();
  CHECK_FALSE(shown);
  CHECK(terminal.shows());
}

TEST_CASE("without a terminal --ask-password says what else there is") {
  CHECK_THROWS_WITH(ask_password("/dev/null"),
                    "--ask-password needs a terminal; without one use --password-file");
  CHECK_THROWS_AS(ask_password("/nowhere/tty"), UsageError);
}

TEST_CASE("the first line of stdin is read and the rest is left for others") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK(write(ends[1], "s3cret\r\nrest\n", 13) == 13);
  close(ends[1]);
  CHECK(read_line(ends[0]) == "s3cret");
  char rest[16];
  CHECK(read(ends[0], rest, sizeof rest) == 5);
  CHECK(std::string(rest, 5) == "rest\n");
  CHECK_THROWS_AS(read_line(ends[0]), UsageError);
  close(ends[0]);
}
