// SPDX-License-Identifier: MIT
#pragma once

#include "connection/log.hpp"
#include "error.hpp"
#include "feed/feed.hpp"
#include "run/options.hpp"

#include <string>
#include <string_view>

// stderr. Main thread only.

namespace mqtt_tools::run {

/// What log() begins with: "mqtt-pub" or "mqtt-sub".
void set_program_name(std::string_view name);

/// Writes one line to stderr: "mqtt-sub: <text>". Control characters of `text` are escaped. A
/// stderr that nobody reads costs the line, after a second, and not the run.
void log(std::string_view text);

/// Says "interrupted" and `rest` of a run that a signal ended with `code`, below the ^C if one was
/// typed.
void log_interrupted(ExitCode code, const std::string& rest = {});

/// Shows `text` on stderr, a terminal, as a line that the next log() or show_status() replaces; an
/// empty text takes it away.
void show_status(std::string_view text);

/// Logs the client's notices, as much as the user wants to hear.
connection::LogSink log_sink(const Verbosity& verbosity);

/// Logs what a feed did with its input.
void log_remarks(const feed::Remarks& remarks);

/// Logs what the user should know about the options themselves.
void log_warnings(const Verbosity& verbosity);

}  // namespace mqtt_tools::run
