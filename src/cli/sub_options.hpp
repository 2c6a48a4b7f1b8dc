// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "cli/talk.hpp"
#include "connection/options.hpp"
#include "output/printer.hpp"
#include "payload/decode.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// Which messages are shown and counted; all others are as if they had not come.
struct WantedOptions {
  std::vector<std::string> filter_out{};  ///< -T
  bool no_retained = false;               ///< -R
  bool retained_only = false;
  std::vector<std::string> match{};  ///< JSON that the payload must contain, all of them.
  std::vector<std::string> grep{};   ///< RE2 expressions that its text must match, all of them.
};

/// When to leave.
struct UntilOptions {
  std::optional<std::uint64_t> count{};
  std::optional<Duration> timeout{};
  std::optional<Duration> duration{};
  std::optional<Duration> idle_timeout{};
  std::vector<std::string> expect{};  ///< JSON, each to be met by some message.
  bool after_subscribe = false;       ///< -E
  bool after_retained = false;        ///< --retained-only: the first live message ends it.
};

/// Whom to tell that all subscriptions are granted.
struct ReadyOptions {
  std::string command{};
  std::string file{};
  std::optional<int> fd{};
};

/// A command for each message.
struct ExecOptions {
  std::string command{};
  int jobs = 1;
  bool reply = false;
};

/// What mqtt-sub was asked. Checked: what is here can be done.
struct SubOptions {
  connection::Options connection{};
  std::vector<connection::Subscription> subscriptions{};
  std::vector<std::string> unsubscribe{};
  WantedOptions wanted{};
  UntilOptions until{};
  ReadyOptions ready{};
  std::optional<ExecOptions> exec{};
  bool remove_retained = false;
  payload::DecodeAs decode_as = payload::DecodeAs::automatic;
  output::PrinterOptions output{};
  Talk talk{};
};

/// Reads command line, environment and configuration. Throws UsageError and RunError. Nothing when
/// all is said already (--help, --version, --print-config went to stdout).
std::optional<SubOptions> parse_sub(int argc, char** argv);

/// The same for the words after the program's name, in an environment that is given.
std::optional<SubOptions> read_sub(const std::vector<std::string>& arguments,
                                   const Environment& environment);

}  // namespace mqtt_tools::cli
