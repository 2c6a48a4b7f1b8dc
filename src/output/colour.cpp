// SPDX-License-Identifier: MIT
#include "output/colour.hpp"

namespace mqtt_tools::output {

namespace {

/// SGR parameters from the sixteen colours that every theme defines.
std::string_view sgr(Ink ink) {
  switch (ink) {
    case Ink::plain:
      return "";
    case Ink::dim:
      return "\x1b[2m";
    case Ink::topic:
      return "\x1b[1m";
    case Ink::notice:
      return "\x1b[33m";
    case Ink::key:
      return "\x1b[36m";
    case Ink::string:
      return "\x1b[32m";
    case Ink::number:
      return "\x1b[35m";
    case Ink::word:
      return "\x1b[33m";
  }
  return "";
}

}  // namespace

bool use_colour(ColourMode mode, bool terminal, const char* no_color) {
  if (mode != ColourMode::automatic) {
    return mode == ColourMode::always;
  }
  return terminal && (no_color == nullptr || *no_color == '\0');
}

void Brush::append(std::string& out, Ink ink, std::string_view text, Lines lines) const {
  if (!colour_ || ink == Ink::plain) {
    append_escaped(out, text, lines);
    return;
  }
  out += sgr(ink);
  append_escaped(out, text, lines);
  out += "\x1b[0m";
}

}  // namespace mqtt_tools::output
