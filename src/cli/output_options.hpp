// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "cli/precedence.hpp"
#include "cli/pub_options.hpp"
#include "output/printer.hpp"
#include "payload/decode.hpp"
#include "run/options.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// What is said about how messages are shown and depends on the terminal; none: `auto`.
struct OutputInput {
  std::optional<output::PrinterOptions::Form> form{};
  std::optional<bool> colour{};
};

// The options that both programs have, each with help of its own.

void declare_form(Declarations& in, OutputInput& input, std::string_view value,
                  std::string_view help);
void declare_format(Declarations& in, output::PrinterOptions& output, std::string_view help);
void declare_select(Declarations& in, output::PrinterOptions& output, std::string_view help);
void declare_decode(Declarations& in, payload::DecodeAs& decode_as, std::string_view help);
void declare_colour(Declarations& in, OutputInput& input, std::string_view value,
                    std::string_view help);

/// Settles what `output` has to be: when nothing is said, pretty on a terminal, raw in a pipe.
/// Throws UsageError for what excludes each other.
void check_output(const Settings& settings, const Environment& environment,
                  const OutputInput& input, payload::DecodeAs decode_as,
                  output::PrinterOptions& output);

/// What is said about what mqtt-pub prints, and what it waits for beside acknowledgements.
struct ResultInput {
  OutputInput output{};
  run::RequestOptions request{};
  WrapOptions wrap{};
  bool verify = false;
};

/// Takes the command of --wrap, which stands behind the first -- after it, out of `arguments`.
std::vector<std::string> take_command(std::vector<std::string>& arguments);

void declare_results(Declarations& in, PubOptions& options, ResultInput& input);

/// Once the message is settled. Throws UsageError.
void check_results(const Settings& settings, const Environment& environment, ResultInput& input,
                   PubOptions& options);

}  // namespace mqtt_tools::cli
