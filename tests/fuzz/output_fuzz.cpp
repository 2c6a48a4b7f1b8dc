// SPDX-License-Identifier: MIT

// A topic on the first line, a content type on the second, and a payload: what a stranger sends, as
// it is shown. Nothing of it acts on a terminal, JSON is JSON, and a screen stays within its edges.

#include "error.hpp"
#include "fuzz.hpp"
#include "output/printer.hpp"
#include "payload/json.hpp"
#include "screen/view.hpp"
#include "text.hpp"

using namespace mqtt_tools;
using fuzz::must;
using Form = output::PrinterOptions::Form;

namespace {

std::string printed(const payload::Decoded& decoded, const output::PrinterOptions& options) {
  std::string out;
  output::make_printer(options)->print(decoded, out);
  return out;
}

void check_printed(const payload::Decoded& decoded) {
  using Delimiter = output::PrinterOptions::Delimiter;
  for (const auto form : {Form::pretty, Form::raw, Form::json, Form::csv}) {
    const auto out = printed(
        decoded, {.form = form, .topic = true, .delimiter = Delimiter::none, .terminal = true});
    must(fuzz::harmless(out));
    must(!first_invalid_utf8(out));
  }
  const auto record = printed(decoded, {.form = Form::json, .delimiter = Delimiter::none});
  must(payload::is_json(record, payload::max_depth + 1));
  const auto raw = printed(decoded, {.form = Form::raw, .delimiter = Delimiter::none});
  must(raw == decoded.raw());
}

void check_screen(const payload::Decoded& decoded) {
  using Kind = screen::Key::Kind;
  const Clock::time_point now{std::chrono::hours{1}};
  screen::TopicTable table{{}, payload::DecodeAs::automatic, now};
  screen::View view{table};
  for (int second = 0; second < 3; ++second) table.add(decoded, now + std::chrono::seconds{second});
  for (const auto key : {Kind::home, Kind::enter}) {
    view.press({.kind = key}, now);
    for (const auto size : {screen::Size{60, 12}, screen::Size{33, 5}}) {
      const auto frame = view.frame(size, now + std::chrono::seconds{3}, {"broker", "", ""});
      must(frame.size() <= static_cast<std::size_t>(size.rows));
      for (const auto& line : frame) {
        const auto& text = line.text;
        must(fuzz::harmless(text) && text.find('\n') == std::string::npos);
        must(!first_invalid_utf8(text));
        must(columns(text) <= static_cast<std::size_t>(size.columns));
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{fuzz::text_of(data, size)};
  Message message;
  message.topic = input.line();
  message.properties.content_type = std::string{input.line()};
  message.properties.user = {{"key", *message.properties.content_type}};
  message.payload = input.rest();
  const auto decoded = payload::decode(message);
  check_printed(decoded);
  check_screen(decoded);

  const auto once = escaped(message.payload);
  must(fuzz::harmless(once) && !first_invalid_utf8(once) && escaped(once) == once);
  return 0;
}
