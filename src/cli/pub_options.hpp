// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "connection/options.hpp"
#include "feed/feed.hpp"
#include "payload/envelope.hpp"
#include "run/options.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// A command whose begin and end are published (--wrap).
struct WrapOptions {
  std::vector<std::string> command{};  ///< The program and its arguments.
  std::size_t output_lines = 0;        ///< So many last lines of its stderr are published, too.
};

/// What mqtt-pub was asked. Checked: what is here can be done.
struct PubOptions {
  connection::Options connection{};
  feed::SourceOptions source{};
  payload::EnvelopeOptions envelope{};
  std::size_t window = 64;  ///< Messages in flight.
  Duration ack_timeout = std::chrono::seconds{30};
  std::optional<run::RequestOptions> request{};
  std::optional<run::SpoolOptions> spool{};
  std::optional<Duration> verify{};  ///< How long the message of --verify may be on its way.
  std::optional<WrapOptions> wrap{};
  bool require_subscriber = false;
  bool print_results = false;  ///< -o json without --request.
  bool terminal = false;       ///< stdout is one.
  bool progress = true;        ///< --no-progress clears it.
  run::Verbosity verbosity{};

  /// How long to wait for another process that has the spool and gets nowhere.
  Duration patience() const { return connection.connect_timeout + ack_timeout; }
};

/// Reads command line, environment and configuration. Throws UsageError and RunError. Nothing when
/// all is said already (--help, --version, --print-config went to stdout).
std::optional<PubOptions> parse_pub(int argc, char** argv);

/// The same for the words after the program's name, in an environment that is given.
std::optional<PubOptions> read_pub(const std::vector<std::string>& arguments,
                                   const Environment& environment);

}  // namespace mqtt_tools::cli
