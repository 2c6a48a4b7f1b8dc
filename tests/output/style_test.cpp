// SPDX-License-Identifier: MIT
#include "output/style.hpp"

#include "catch.hpp"

#include <string>

using namespace mqtt_tools::output;

TEST_CASE("colour is for terminals unless asked for or forbidden") {
  struct Row {
    ColourMode mode;
    bool terminal;
    const char* no_color;
    bool expected;
  };
  const Row rows[] = {
      {ColourMode::automatic, true, nullptr, true}, {ColourMode::automatic, false, nullptr, false},
      {ColourMode::automatic, true, "1", false},    {ColourMode::automatic, true, "0", false},
      {ColourMode::automatic, true, "", true},      {ColourMode::always, false, "1", true},
      {ColourMode::always, true, nullptr, true},    {ColourMode::never, true, nullptr, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.mode, row.terminal, row.no_color == nullptr ? "unset" : row.no_color);
    CHECK(use_colour(row.mode, row.terminal, row.no_color) == row.expected);
  }
}

TEST_CASE("a styler without colour only escapes") {
  std::string out;
  Styler{false}.append(out, Style::key, "a\x1b[31mb\n");
  CHECK(out == "a\\x1b[31mb\\x0a");
}

TEST_CASE("a styler with colour switches it on before the text and off after it") {
  std::string out;
  const Styler styler{true};
  styler.append(out, Style::dim, "18:15:03");
  styler.append(out, Style::plain, " plain ");
  styler.append(out, Style::number, "\x1b[0m");
  CHECK(out == "\x1b[2m18:15:03\x1b[0m plain \x1b[35m\\x1b[0m\x1b[0m");
}
