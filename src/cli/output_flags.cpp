// SPDX-License-Identifier: MIT
#include "cli/output_flags.hpp"

#include "cli/will_flags.hpp"
#include "error.hpp"

namespace mqtt_tools::cli {

namespace {

using output::PrinterOptions;
using payload::DecodeAs;
using Form = PrinterOptions::Form;
using Delimiter = PrinterOptions::Delimiter;

Form automatic(const World& world) { return world.stdout_terminal ? Form::pretty : Form::raw; }

PrinterOptions default_output(const World& world) {
  PrinterOptions output;
  output.terminal = world.stdout_terminal;
  output.width = world.columns;
  output.form = automatic(world);
  output.colour = world.stdout_terminal && !world.variable("NO_COLOR") &&
                  world.variable("TERM").value_or("") != "dumb";
  return output;
}

}  // namespace

PrinterOptions read_form(const Settings& settings, const World& world) {
  PrinterOptions output = default_output(world);
  if (const Setting* form = settings.find("output")) {
    output.form = choice<Form>(*form, {{"auto", automatic(world)},
                                       {"pretty", Form::pretty},
                                       {"raw", Form::raw},
                                       {"json", Form::json}});
  }
  if (const Setting* format = settings.find("format")) {
    output.form = Form::format;
    output.format = format->value();
  }
  output.select = settings.text("select");
  if (output.select) {
    refuse(settings, {"format"}, "and --select exclude each other, use one of them");
  }
  if (const Setting* color = settings.find("color")) {
    output.colour =
        choice<bool>(*color, {{"auto", output.colour}, {"always", true}, {"never", false}});
  }
  return output;
}

PrinterOptions read_output(const Settings& settings, const World& world) {
  PrinterOptions output = read_form(settings, world);
  if (settings.on("json")) {
    output.form = Form::json;
  }
  // A format says where the topic stands.
  output.topic = settings.on("verbose") && output.form != Form::format;
  output.delimiter = settings.on("N")   ? Delimiter::none
                     : settings.on("0") ? Delimiter::null
                                        : Delimiter::newline;
  if (output.select) {
    refuse(settings, {"json"}, "and --select exclude each other, use one of them");
  }
  return output;
}

void check_printed(const Settings& settings, const World& world) {
  read_form(settings, world);
  if (const Setting* qos = settings.find("qos")) {
    read_qos(*qos);
  }
}

payload::DecodeAs read_decode(const Settings& settings) {
  const Setting* setting = settings.find("decode");
  if (setting == nullptr) {
    return DecodeAs::automatic;
  }
  return choice<DecodeAs>(*setting, {{"auto", DecodeAs::automatic},
                                     {"json", DecodeAs::json},
                                     {"text", DecodeAs::text},
                                     {"hex", DecodeAs::hex},
                                     {"base64", DecodeAs::base64},
                                     {"cbor", DecodeAs::cbor},
                                     {"msgpack", DecodeAs::msgpack},
                                     {"binary", DecodeAs::binary}});
}

}  // namespace mqtt_tools::cli
