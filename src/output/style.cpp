// SPDX-License-Identifier: MIT
#include "output/style.hpp"

#include "payload/json.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mqtt_tools::output {

namespace {

/// What a topic may look like: colours of many hues, none so light that it is lost on a light
/// background, nor so dark that it is on a dark one. The sixteen colours of a theme are not like
/// that: the usual yellow and cyan cannot be read on white, nor the usual blue on black.
constexpr std::array topic_colours = {28, 27, 130, 30, 162, 99, 64, 131, 31, 129, 29, 133};

/// The SGR sequences (ECMA-48 §8.3.117) of all styles.
constexpr std::array<std::string_view, 7> sgr = {"",
                                                 "\x1b[2m",
                                                 "\x1b[38;5;166m",
                                                 "\x1b[38;5;30m",
                                                 "\x1b[38;5;28m",
                                                 "\x1b[38;5;129m",
                                                 "\x1b[38;5;130m"};

constexpr std::string_view style_end = "\x1b[0m";

/// The same in every run and on every machine, as that of the standard library is not (FNV-1a).
std::size_t fixed_hash(std::string_view text) {
  std::uint32_t hash = 2'166'136'261;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 16'777'619;
  return hash;
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

}  // namespace

void Styler::append(std::string& out, Style style, std::string_view text, Lines lines) const {
  if (!colour_ || style == Style::plain) {
    append_escaped(out, text, lines);
    return;
  }
  out += sgr.at(static_cast<std::size_t>(style));
  append_escaped(out, text, lines);
  out += style_end;
}

void Styler::append_topic(std::string& out, std::string_view topic) const {
  if (colour_) {
    const int colour = topic_colours[fixed_hash(topic) % topic_colours.size()];
    out += "\x1b[1;38;5;" + std::to_string(colour) + "m";
  }
  append_escaped(out, topic);
  if (colour_) out += style_end;
}

void append_json(std::string& out, std::string_view json, const Styler& styler,
                 std::optional<std::string_view> margin) {
  if (margin) out += *margin;
  if (json.size() > largest_block) margin.reset();
  payload::JsonTokens tokens{json};
  std::size_t depth = 0;
  Kind before = Kind::end;
  for (JsonToken token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    if (ends(token.kind)) --depth;
    if (margin && (before == Kind::comma || begins(before) != ends(token.kind))) {
      out += '\n';
      out += *margin;
      out.append(2 * depth, ' ');
    } else if (before == Kind::comma || before == Kind::colon) {
      out += ' ';
    }
    styler.append(out, style_of(token.kind), token.text);
    if (begins(token.kind)) ++depth;
    before = token.kind;
  }
}

}  // namespace mqtt_tools::output
