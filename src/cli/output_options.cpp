// SPDX-License-Identifier: MIT
#include "cli/output_options.hpp"

namespace mqtt_tools::cli {

using output::PrinterOptions;
using payload::DecodeAs;
using Form = PrinterOptions::Form;

void declare_form(Declarations& in, OutputInput& input, std::string_view value,
                  std::string_view help) {
  in.option("-o,--output", input.form, value, help)
      .one_of({{"auto", std::nullopt},
               {"pretty", Form::pretty},
               {"raw", Form::raw},
               {"json", Form::json},
               {"csv", Form::csv}})
      .decides("output")
      .by_default("auto")
      .in_file();
}

void declare_format(Declarations& in, PrinterOptions& output, std::string_view help) {
  in.option("-F,--format", output.format, "FMT", help).decides("output").may_be_empty();
}

void declare_select(Declarations& in, PrinterOptions& output, std::string_view help) {
  in.option("--select", output.select, "/POINTER", help).may_be_empty().repeated();
}

void declare_decode(Declarations& in, DecodeAs& decode_as, std::string_view help) {
  in.option("--decode", decode_as, "FORM", help)
      .one_of({{"auto", DecodeAs::automatic},
               {"json", DecodeAs::json},
               {"text", DecodeAs::text},
               {"hex", DecodeAs::hex},
               {"base64", DecodeAs::base64},
               {"cbor", DecodeAs::cbor},
               {"msgpack", DecodeAs::msgpack},
               {"binary", DecodeAs::binary}})
      .by_default("auto");
}

void declare_colour(Declarations& in, OutputInput& input, std::string_view value,
                    std::string_view help) {
  in.option("--color", input.colour, value, help)
      .one_of({{"auto", std::nullopt}, {"always", true}, {"never", false}})
      .by_default("auto")
      .in_file();
}

void declare_precision(Declarations& in, PrinterOptions& output, std::string_view help) {
  in.option("--time-precision", output.decimals, "s|ms|us", help)
      .one_of({{"s", 0}, {"ms", 3}, {"us", 6}})
      .by_default("s");
}

void check_output(const Settings& settings, const Environment& environment,
                  const OutputInput& input, PrinterOptions& output) {
  output.terminal = environment.stdout_terminal;
  output.width = environment.columns();
  if (output.terminal) output.columns = environment.columns;
  const bool formatted = settings.find("format") != nullptr;
  const Form automatic = environment.stdout_terminal ? Form::pretty : Form::raw;
  output.form = formatted ? Form::format : input.form.value_or(automatic);
  if (!output.select.empty() && formatted) {
    refuse(settings, {"format"}, "and --select exclude each other, use one of them");
  }
  if (output.form == Form::csv && output.select.empty()) {
    refuse(settings, {"output"}, "csv needs --select, which says what stands in the columns");
    output.form = automatic;  // In a file it is for the runs that select something.
  }
  if (!output.select.empty() && output.form == Form::json) {
    refuse(settings, {"output"}, "json and --select exclude each other, use one of them");
  }
  output.colour =
      input.colour.value_or(environment.stdout_terminal && !environment.variable("NO_COLOR") &&
                            environment.variable("TERM").value_or("") != "dumb");
}

}  // namespace mqtt_tools::cli
