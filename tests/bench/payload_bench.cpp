// SPDX-License-Identifier: MIT

// What one message costs between the socket and stdout, without either.

#include "message.hpp"
#include "output/printer.hpp"
#include "payload/decode.hpp"
#include "payload/record.hpp"

#include <string>

#include <benchmark/benchmark.h>

using mqtt_tools::Message;
using mqtt_tools::output::make_printer;
using mqtt_tools::output::PrinterOptions;
using mqtt_tools::payload::append_record;
using mqtt_tools::payload::decode;
using mqtt_tools::payload::parse_record;
using Form = PrinterOptions::Form;

namespace {

Message message(std::string payload) {
  Message made;
  made.topic = "house/kitchen/temperature";
  made.payload = std::move(payload);
  made.qos = mqtt_tools::Qos::at_least_once;
  made.id = 7;
  return made;
}

/// An envelope, some JSON of 1 kB, text of 100 bytes, bytes that are none of these.
Message envelope() { return message(R"({"msg":"20.5 °C","data":"2026-11-23 18-15-03"})"); }

Message json() {
  std::string text = R"({"readings":[)";
  for (int i = 0; i < 20; ++i) {
    text += R"({"name":"sensor","value":21.50,"ok":true,"text":"a \"b\" c"},)";
  }
  text.back() = ']';
  return message(text + "}");
}

Message text() { return message(std::string(100, 'x')); }

Message bytes() {
  std::string payload;
  for (int i = 0; i < 1024; ++i) payload += static_cast<char>((i * 37) & 0xFF);
  return message(payload);
}

using Maker = Message (*)();

void decoding(benchmark::State& state, Maker make) {
  const auto received = make();
  for (auto _ : state) {
    const auto decoded = decode(received);
    benchmark::DoNotOptimize(decoded.kind());
  }
}

void printing(benchmark::State& state, Form form, Maker make) {
  PrinterOptions options;
  options.form = form;
  options.format = "%I %t %q %l %p";
  options.colour = form == Form::pretty;
  const auto printer = make_printer(options);
  const auto received = make();
  std::string out;
  for (auto _ : state) {
    out.clear();
    const auto decoded = decode(received);
    printer->print(decoded, out);
    benchmark::DoNotOptimize(out.data());
  }
}

void reading_record(benchmark::State& state, Maker make) {
  const auto recorded = make();
  std::string line;
  append_record(line, decode(recorded));
  for (auto _ : state) benchmark::DoNotOptimize(parse_record(line));
}

}  // namespace

BENCHMARK_CAPTURE(decoding, envelope, envelope);
BENCHMARK_CAPTURE(decoding, json, json);
BENCHMARK_CAPTURE(decoding, text, text);
BENCHMARK_CAPTURE(decoding, bytes, bytes);
BENCHMARK_CAPTURE(printing, raw_text, Form::raw, text);
BENCHMARK_CAPTURE(printing, record_text, Form::json, text);
BENCHMARK_CAPTURE(printing, record_envelope, Form::json, envelope);
BENCHMARK_CAPTURE(printing, record_json, Form::json, json);
BENCHMARK_CAPTURE(printing, record_bytes, Form::json, bytes);
BENCHMARK_CAPTURE(printing, pretty_envelope, Form::pretty, envelope);
BENCHMARK_CAPTURE(printing, pretty_json, Form::pretty, json);
BENCHMARK_CAPTURE(printing, pretty_bytes, Form::pretty, bytes);
BENCHMARK_CAPTURE(printing, format_text, Form::format, text);
BENCHMARK_CAPTURE(reading_record, envelope, envelope);
BENCHMARK_CAPTURE(reading_record, json, json);
BENCHMARK_CAPTURE(reading_record, bytes, bytes);

BENCHMARK_MAIN();
