// SPDX-License-Identifier: MIT
#include "run/log.hpp"

#include "text.hpp"

#include <poll.h>
#include <unistd.h>
#include <cerrno>
#include <string>

namespace mqtt_tools::run {
namespace {

constexpr std::string_view erase_line = "\r\x1b[K";

std::string program_name = "mqtt-tools";
bool status_shown = false;

/// One write, so that lines of several processes do not mix. A stderr that nobody reads costs the
/// line, not the run.
void write_stderr(const std::string& line) {
  pollfd reader{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&reader, 1, 1000) == 0) return;
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace

void set_program_name(std::string_view name) { program_name = name; }

void log(std::string_view text) {
  std::string line;
  if (status_shown) {
    line += erase_line;
    status_shown = false;
  }
  line += program_name;
  line += ": ";
  append_escaped(line, text);
  line += '\n';
  write_stderr(line);
}

void log_interrupted(ExitCode code, const std::string& rest) {
  const bool typed =
      (code == ExitCode::interrupted || code == ExitCode::quit) && ::isatty(STDERR_FILENO) == 1;
  if (typed && !status_shown) write_stderr("\n");
  log("interrupted" + rest);
}

void show_status(std::string_view text) {
  if (text.empty() && !status_shown) return;
  std::string line{erase_line};
  append_escaped(line, text);
  write_stderr(line);
  status_shown = !text.empty();
}

connection::LogSink log_sink(const Verbosity& verbosity) {
  return [verbosity](const connection::LogLine& notice) {
    using Level = connection::LogLine::Level;
    const bool heard = notice.level == Level::always ||
                       (notice.level == Level::warning && !verbosity.quiet) ||
                       (notice.level == Level::verbose && (verbosity.verbose || verbosity.debug)) ||
                       (notice.level == Level::debug && verbosity.debug);
    if (heard) log(notice.text);
  };
}

void log_remarks(const feed::Remarks& remarks) {
  if (remarks.skipped > 0) {
    log(counted(remarks.skipped, "broken line") + were(remarks.skipped) + "skipped");
  }
  if (remarks.retain_dropped > 0) {
    log(counted(remarks.retain_dropped, "record") + were(remarks.retain_dropped) +
        "retained and published without the flag: --keep-retain keeps it");
  }
}

void log_warnings(const Verbosity& verbosity) {
  for (const auto& warning : verbosity.warnings) {
    const bool heard = warning.always || !verbosity.quiet;
    if (heard && (!warning.detail || verbosity.verbose || verbosity.debug)) log(warning.text);
  }
}

}  // namespace mqtt_tools::run
