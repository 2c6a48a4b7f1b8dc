// SPDX-License-Identifier: MIT
#include "cli/output_options.hpp"

#include "bytes.hpp"
#include "cli/connection_options.hpp"
#include "error.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

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

void check_output(const Settings& settings, const Environment& environment,
                  const OutputInput& input, DecodeAs decode_as, PrinterOptions& output) {
  output.terminal = environment.stdout_terminal;
  output.width = environment.columns();
  if (output.terminal) output.columns = environment.columns;
  const bool formatted = settings.find("format") != nullptr;
  const Form automatic = environment.stdout_terminal ? Form::pretty : Form::raw;
  output.form = formatted ? Form::format : input.form.value_or(automatic);
  if (output.form == Form::csv && output.select.empty()) {
    refuse(settings, "output", "csv needs --select, which names the columns");
    output.form = automatic;  // In a file it is for the runs that select something.
  }
  if (!output.select.empty() && output.form == Form::json) {
    refuse(settings, "output", "json and --select exclude each other, use one of them");
  }
  const auto no_json = {DecodeAs::text, DecodeAs::hex, DecodeAs::base64, DecodeAs::binary};
  if (!output.select.empty() && std::ranges::count(no_json, decode_as) > 0) {
    refuse(settings, "decode", "leaves no value to --select: that needs JSON, CBOR or MessagePack");
  }
  output.colour =
      input.colour.value_or(environment.stdout_terminal && !environment.variable("NO_COLOR") &&
                            environment.variable("TERM").value_or("") != "dumb");
}

namespace {

using Kind = feed::SourceOptions::Kind;

constexpr auto verify_limit = std::chrono::seconds{5};

void check_request(const Settings& settings, const Environment& environment, ResultInput& input,
                   PubOptions& options) {
  const feed::SourceOptions& source = options.source;
  // Without MQTT 5 nothing tells the responder where to answer: it must know.
  if (!input.request.response_topic) need_version_5(options.connection, settings, "request");
  if (source.prototype.properties.response_topic) {
    throw UsageError("--request: the answer's topic is for --response-topic, not -D publish");
  }
  if (input.request.response_topic == source.prototype.topic) {
    throw UsageError(
        "--response-topic must differ from the topic of the request, which would "
        "come back as its own answer");
  }
  check_output(settings, environment, input.output, input.request.decode_as, input.request.output);
  options.request = std::move(input.request);
}

void check_verify(const Environment& environment, const ResultInput& input, PubOptions& options) {
  if (!options.source.more_topics.empty()) throw UsageError("--verify takes one topic");
  options.source.text = "verify ";
  append_hex(options.source.text, environment.random, 16);  // A message that nobody else has.
  options.verify = input.request.timeout.value_or(verify_limit);
}

/// -o json without --request: what a file says of the form is for those who show messages.
void check_printed_results(const Settings& settings, const Environment& environment,
                           const ResultInput& input, PubOptions& options) {
  if (!settings.typed("output")) return;
  if (input.output.form != Form::json) {
    throw UsageError(
        "--output needs --request; without it there is -o json only, a line for each "
        "message");
  }
  options.print_results = true;
  options.terminal = environment.stdout_terminal;
}

/// What begins and ends is the command; all that says so is made here.
void check_wrap(const ResultInput& input, PubOptions& options) {
  if (!options.source.more_topics.empty()) throw UsageError("--wrap takes one topic");
  options.envelope.raw = false;
  options.wrap = input.wrap;
}

void check_subscriber(const Settings& settings, PubOptions& options) {
  need_version_5(options.connection, settings, "require-subscriber");
  if (options.source.prototype.qos == Qos::at_most_once && options.source.kind != Kind::replay) {
    refuse(settings, "require-subscriber", "needs QoS 1 or 2: with 0 no broker says who had it",
           any_source);
  }
  options.source.acknowledged = true;
}

}  // namespace

std::vector<std::string> take_command(std::vector<std::string>& arguments) {
  const auto wrap = std::ranges::find(arguments, "--wrap");
  const auto end = std::find(wrap, arguments.end(), "--");
  if (end == arguments.end()) return {};
  std::vector<std::string> command(end + 1, arguments.end());
  arguments.erase(end, arguments.end());
  return command;
}

void declare_results(Declarations& in, PubOptions& options, ResultInput& input) {
  in.group("What to wait for, and to print");
  in.flag("--require-subscriber", options.require_subscriber, "7 when a message has none; MQTT 5");
  in.flag("--verify", input.verify, "print the ms until a message of its own is back");
  in.unbound_flag("--wrap", "run the command behind --, publish its begin and end");
  in.option("--wrap-output", input.wrap.output_lines, "N", "with the last lines of its stderr")
      .from(1, 1'000);
  in.unbound_flag("--request");
  in.option("--response-topic", input.request.response_topic, "T").as(topic_text);
  in.option("-W,--timeout", input.request.timeout, "SEC", "the answer; 27 if none came");
  declare_form(in, input.output, "FORM", "");
  declare_format(in, input.request.output, "how, as mqtt-sub does");
  declare_select(in, input.request.output, "");
  declare_decode(in, input.request.decode_as, "");
  declare_colour(in, input.output, "WHEN", "likewise; -o json alone: what became of each message");
}

void check_results(const Settings& settings, const Environment& environment, ResultInput& input,
                   PubOptions& options) {
  if (options.require_subscriber) check_subscriber(settings, options);
  // What comes back must be known to belong to the message.
  if (options.source.repeat > 1)
    refuse(settings, "request verify", "needs one message, not --repeat");
  if (settings.on("wrap")) check_wrap(input, options);
  if (input.verify) check_verify(environment, input, options);
  if (settings.on("request")) {
    check_request(settings, environment, input, options);
    if (options.request->output.form == Form::csv) {
      refuse(settings, "output", "csv is for the many messages of mqtt-sub, not for one answer");
      options.request->output.form = Form::raw;
    }
    return;
  }
  check_printed_results(settings, environment, input, options);
  // Who only publishes is sent acknowledgements, and at most what an old session kept.
  if (settings.find("max-packet") == nullptr) {
    options.connection.max_packet = std::size_t{1024} * 1024;
  }
  options.connection.receive_maximum = 8;
}

}  // namespace mqtt_tools::cli
