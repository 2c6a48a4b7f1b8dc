// SPDX-License-Identifier: MIT
#include "output/style.hpp"

#include "payload/json.hpp"

#include <cstddef>

namespace mqtt_tools::output {

namespace {

/// SGR parameters from the sixteen colours that every theme defines.
std::string_view sgr(Style style) {
  switch (style) {
    case Style::plain:
      break;
    case Style::dim:
      return "\x1b[2m";
    case Style::topic:
      return "\x1b[1m";
    case Style::notice:
      return "\x1b[33m";
    case Style::key:
      return "\x1b[36m";
    case Style::string:
      return "\x1b[32m";
    case Style::number:
      return "\x1b[35m";
    case Style::word:
      return "\x1b[33m";
  }
  return "";
}

using payload::begins;
using payload::ends;
using payload::JsonToken;
using Kind = JsonToken::Kind;

/// Indentation can make a hundred bytes of one. Beyond this JSON stays on one line.
constexpr std::size_t largest_block = std::size_t{256} * 1024;

Style style_of(Kind kind) {
  switch (kind) {
    case Kind::key:
      return Style::key;
    case Kind::string:
      return Style::string;
    case Kind::number:
      return Style::number;
    case Kind::word:
      return Style::word;
    default:
      return Style::plain;
  }
}

/// Begins a line at this depth: two blanks for each level.
void append_line_start(std::string& out, std::string_view margin, std::size_t depth) {
  out += '\n';
  out += margin;
  out.append(2 * depth, ' ');
}

}  // namespace

bool use_colour(ColourMode mode, bool terminal, const char* no_color) {
  if (mode != ColourMode::automatic) return mode == ColourMode::always;
  return terminal && (no_color == nullptr || *no_color == '\0');
}

void Styler::append(std::string& out, Style style, std::string_view text, Lines lines) const {
  if (!colour_ || style == Style::plain) {
    append_escaped(out, text, lines);
    return;
  }
  out += sgr(style);
  append_escaped(out, text, lines);
  out += "\x1b[0m";
}

void append_json_line(std::string& out, std::string_view json, const Styler& styler) {
  payload::JsonTokens tokens{json};
  for (JsonToken token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    styler.append(out, style_of(token.kind), token.text);
    if (token.kind == Kind::comma || token.kind == Kind::colon) out += ' ';
  }
}

void append_json_block(std::string& out, std::string_view json, const Styler& styler,
                       std::string_view margin) {
  out += margin;
  if (json.size() > largest_block) {
    append_json_line(out, json, styler);
    return;
  }
  payload::JsonTokens tokens{json};
  std::size_t depth = 0;
  Kind before = Kind::end;
  for (JsonToken token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    if (ends(token.kind)) {
      --depth;
      if (!begins(before)) append_line_start(out, margin, depth);
    } else if (before == Kind::comma || begins(before)) {
      append_line_start(out, margin, depth);
    }
    styler.append(out, style_of(token.kind), token.text);
    if (token.kind == Kind::colon) {
      out += ' ';
    } else if (begins(token.kind)) {
      ++depth;
    }
    before = token.kind;
  }
}

}  // namespace mqtt_tools::output
