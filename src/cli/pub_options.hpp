// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "cli/talk.hpp"
#include "connection/options.hpp"
#include "feed/feed.hpp"
#include "output/printer.hpp"
#include "payload/decode.hpp"
#include "payload/envelope.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// One question and its answer (--request).
struct RequestOptions {
  std::optional<std::string> response_topic{};  ///< None: one of our own.
  std::optional<Duration> timeout{};            ///< -W
  output::PrinterOptions output{};              ///< How the answer is shown.
  payload::DecodeAs decode_as = payload::DecodeAs::automatic;
};

/// What mqtt-pub was asked. Checked: what is here can be done.
struct PubOptions {
  connection::Options connection{};
  feed::SourceOptions source{};
  payload::EnvelopeOptions envelope{};
  std::size_t window = 64;  ///< Messages in flight.
  Duration ack_timeout = std::chrono::seconds{30};
  std::optional<RequestOptions> request{};
  bool progress = true;  ///< --no-progress clears it.
  Talk talk{};
};

/// Reads command line, environment and configuration. Throws UsageError and RunError. Nothing when
/// all is said already (--help, --version, --print-config went to stdout).
std::optional<PubOptions> parse_pub(int argc, char** argv);

/// The same for the words after the program's name, in an environment that is given.
std::optional<PubOptions> read_pub(const std::vector<std::string>& arguments,
                                   const Environment& environment);

}  // namespace mqtt_tools::cli
