// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "connection/options.hpp"
#include "output/printer.hpp"
#include "payload/decode.hpp"
#include "run/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// What mqtt-sub was asked. Checked: what is here can be done.
struct SubOptions {
  connection::Options connection{};
  std::vector<connection::Subscription> subscriptions{};
  std::vector<std::string> unsubscribe{};
  run::MessageFilterOptions filter{};
  run::StopOptions stop{};
  run::ReadinessOptions readiness{};
  std::optional<run::ExecOptions> exec{};
  bool remove_retained = false;
  bool watch = false;  ///< A table on the screen instead of messages.
  std::optional<run::StatsOptions> stats{};
  bool status_lines = false;  ///< Somebody reads along on a terminal: see run::StatusLines.
  bool open_ended = false;    ///< Nothing was said that would end the run by itself.
  payload::DecodeAs decode_as = payload::DecodeAs::automatic;
  output::PrinterOptions output{};
  run::Verbosity verbosity{};
};

/// Reads command line, environment and configuration. Throws UsageError and RunError. Nothing when
/// all is said already (--help, --version, --print-config went to stdout).
std::optional<SubOptions> parse_sub(int argc, char** argv);

/// The same for the words after the program's name, in an environment that is given.
std::optional<SubOptions> read_sub(const std::vector<std::string>& arguments,
                                   const Environment& environment);

}  // namespace mqtt_tools::cli
