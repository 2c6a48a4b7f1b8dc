// SPDX-License-Identifier: MIT
#include "output/pretty.hpp"

#include "output/age.hpp"
#include "output/delimiter.hpp"
#include "output/hexdump.hpp"
#include "output/json_view.hpp"
#include "payload/json.hpp"
#include "text.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace mqtt_tools::output {

namespace {

constexpr std::string_view margin = "  ";

/// JSON text that may fit on a line when its blanks are gone is not much longer than this.
constexpr std::size_t try_on_line = 4096;

/// Ends the header line before a block.
void break_line(std::string& out) {
  out.resize(out.find_last_not_of(' ') + 1);
  out += '\n';
}

}  // namespace

PrettyPrinter::PrettyPrinter(const PrinterOptions& options)
    : delimiter_(options.delimiter),
      width_(static_cast<std::size_t>(std::max(options.width, 1))),
      brush_(options.colour),
      header_(options.width) {}

bool PrettyPrinter::print(const payload::Decoded& decoded, std::string& out) {
  const std::size_t column = header_.append(out, decoded, brush_);
  append_payload(out, column, decoded);
  append_delimiter(out, delimiter_);
  return true;
}

void PrettyPrinter::append_payload(std::string& out, std::size_t column,
                                   const payload::Decoded& decoded) const {
  const Message& message = decoded.message();
  if (decoded.kind() == payload::Kind::empty) {
    brush_.append(out, Ink::dim, "(empty)");
  } else if (const auto json = decoded.json()) {
    const auto envelope = view_envelope(*json);
    if (envelope && (is_string(envelope->message) || json->size() <= width_)) {
      append_envelope(out, *envelope, message.time);
    } else {
      append_json(out, column, *json);
    }
  } else if (const std::string_view shown = decoded.shown();
             decoded.kind() == payload::Kind::binary && shown == message.payload) {
    break_line(out);
    append_hexdump(out, message.payload, margin);
  } else {
    append_text(out, shown);
  }
}

void PrettyPrinter::append_json(std::string& out, std::size_t column, std::string_view json) const {
  if (json.size() <= try_on_line) {
    std::string plain;
    append_json_line(plain, json, Brush{false});
    if (column + columns(plain) <= width_) {
      append_json_line(out, json, brush_);
      return;
    }
  }
  break_line(out);
  append_json_block(out, json, brush_, margin);
}

/// Whether the time in an envelope is that of the header already, to the second. A time without a
/// zone is compared as text: what a sender in our zone would have written.
bool PrettyPrinter::in_same_second(std::string_view sent, Timestamp received) const {
  using std::chrono::floor;
  using std::chrono::seconds;
  if (const auto time = read_time(sent)) return floor<seconds>(*time) == floor<seconds>(received);
  return sent == wire_time_.text(received);
}

void PrettyPrinter::append_envelope(std::string& out, const EnvelopeView& envelope,
                                    Timestamp received) const {
  std::optional<std::string> block;
  std::string_view gap = "   ";  // Between the message and what follows it.
  if (!is_string(envelope.message)) {
    append_json_line(out, envelope.message, brush_);
  } else if (std::string text = payload::unquoted(envelope.message);
             text.find('\n') != std::string::npos) {
    block = std::move(text);
    gap = "";
  } else {
    brush_.append(out, Ink::plain, text, Lines::keep);
  }
  const std::string sent = payload::unquoted(envelope.time);
  if (!in_same_second(sent, received)) {
    out += gap;
    gap = "  ";
    brush_.append(out, Ink::dim, "sent " + sent);
    if (const auto time = read_time(sent)) {
      if (const std::string words = age(*time, received); !words.empty()) {
        brush_.append(out, Ink::notice, " (" + words + ")");
      }
    }
  }
  for (const auto& [key, value] : envelope.fields) {  // spelt as --field has them
    out += gap;
    gap = "  ";
    brush_.append(out, Ink::key, payload::unquoted(key));
    if (is_string(value)) {
      out += '=';
      brush_.append(out, Ink::string, payload::unquoted(value));
    } else {
      out += ":=";
      append_json_line(out, value, brush_);
    }
  }
  if (block) {
    append_block(out, *block);
  }
}

void PrettyPrinter::append_text(std::string& out, std::string_view text) const {
  if (!text.empty() && text.back() == '\n') {
    text.remove_suffix(1);
  }
  if (text.find('\n') == std::string_view::npos) {
    brush_.append(out, Ink::plain, text, Lines::keep);
  } else {
    append_block(out, text);
  }
}

void PrettyPrinter::append_block(std::string& out, std::string_view text) const {
  break_line(out);
  for (;;) {
    const std::size_t end = text.find('\n');
    out += margin;
    brush_.append(out, Ink::plain, text.substr(0, end), Lines::keep);
    if (end == std::string_view::npos) {
      return;
    }
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace mqtt_tools::output
