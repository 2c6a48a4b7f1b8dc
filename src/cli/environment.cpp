// SPDX-License-Identifier: MIT
#include "cli/environment.hpp"

#include "cli/configuration.hpp"

#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <chrono>
#include <cstdlib>
#include <iostream>

namespace mqtt_tools::cli {

namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>{value};
}

bool stdin_gives() {
  struct stat status {};
  return ::fstat(STDIN_FILENO, &status) == 0 &&
         (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode));
}

int columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const int told = std::atoi(variable("COLUMNS").value_or("").c_str());
  return told > 0 && told < 10'000 ? told : 80;
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
    number =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  }
  return number;
}

}  // namespace

Environment this_environment(std::string_view path) {
  return {.variable = variable,
          .line_of_stdin =
              [] {
                // What is typed is not to be shown.
                const bool typed = ::isatty(STDIN_FILENO) == 1;
                return typed ? ask_password("/dev/tty") : read_line(STDIN_FILENO);
              },
          .ask_password = [] { return ask_password("/dev/tty"); },
          .stdin_gives = stdin_gives(),
          .stdout_terminal = ::isatty(STDOUT_FILENO) == 1,
          .columns = columns,
          .process = static_cast<std::uint64_t>(::getpid()),
          .random = random_number(),
          .mosquitto = is_mosquitto_name(path),
          .out = &std::cout};
}

}  // namespace mqtt_tools::cli
