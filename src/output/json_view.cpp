// SPDX-License-Identifier: MIT
#include "output/json_view.hpp"

#include "payload/json.hpp"

#include <cstddef>

namespace mqtt_tools::output {

namespace {

using payload::JsonToken;
using Kind = JsonToken::Kind;

/// Indentation can make a hundred bytes of one. Beyond this JSON stays on one line.
constexpr std::size_t largest_block = std::size_t{256} * 1024;

Ink ink_of(Kind kind) {
  switch (kind) {
    case Kind::key:
      return Ink::key;
    case Kind::string:
      return Ink::string;
    case Kind::number:
      return Ink::number;
    case Kind::word:
      return Ink::word;
    default:
      return Ink::plain;
  }
}

bool begins(Kind kind) { return kind == Kind::begin_object || kind == Kind::begin_array; }
bool ends(Kind kind) { return kind == Kind::end_object || kind == Kind::end_array; }

void append_line_start(std::string& out, std::string_view margin, std::size_t depth) {
  out += '\n';
  out += margin;
  out.append(2 * depth, ' ');
}

}  // namespace

void append_json_line(std::string& out, std::string_view json, const Brush& brush) {
  payload::JsonTokens tokens{json};
  for (JsonToken token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    brush.append(out, ink_of(token.kind), token.text);
    if (token.kind == Kind::comma || token.kind == Kind::colon) {
      out += ' ';
    }
  }
}

void append_json_block(std::string& out, std::string_view json, const Brush& brush,
                       std::string_view margin) {
  out += margin;
  if (json.size() > largest_block) {
    append_json_line(out, json, brush);
    return;
  }
  payload::JsonTokens tokens{json};
  std::size_t depth = 0;
  Kind before = Kind::end;
  for (JsonToken token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    if (ends(token.kind)) {
      --depth;
      if (!begins(before)) {
        append_line_start(out, margin, depth);
      }
    } else if (before == Kind::comma || begins(before)) {
      append_line_start(out, margin, depth);
    }
    brush.append(out, ink_of(token.kind), token.text);
    if (token.kind == Kind::colon) {
      out += ' ';
    } else if (begins(token.kind)) {
      ++depth;
    }
    before = token.kind;
  }
}

}  // namespace mqtt_tools::output
