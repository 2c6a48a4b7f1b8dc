// SPDX-License-Identifier: MIT
#include "output/style.hpp"

#include "catch.hpp"

#include <cmath>
#include <set>
#include <string>

using namespace mqtt_tools::output;

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
  CHECK(out == "\x1b[2m18:15:03\x1b[0m plain \x1b[38;5;129m\\x1b[0m\x1b[0m");
}

namespace {

/// The luminance of the colours of 8 bits that xterm defines (WCAG 2.2), the sixteen of the theme
/// left out: 0 is black, 1 is white.
double luminance(int colour) {
  REQUIRE(colour >= 16);
  REQUIRE(colour < 256);
  const auto linear = [](int value) {
    const double part = value / 255.0;
    return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  if (colour >= 232) return linear(8 + 10 * (colour - 232));
  const auto level = [](int step) { return step == 0 ? 0 : 55 + 40 * step; };
  const int cube = colour - 16;
  return 0.2126 * linear(level(cube / 36)) + 0.7152 * linear(level(cube / 6 % 6)) +
         0.0722 * linear(level(cube % 6));
}

/// The colour that a text begins with.
int colour_of(const std::string& text) {
  const auto at = text.find("38;5;");
  return at == std::string::npos ? -1 : std::stoi(text.substr(at + 5));
}

std::string topic(const std::string& name) {
  std::string out;
  Styler{true}.append_topic(out, name);
  return out;
}

}  // namespace

TEST_CASE("each colour can be read on a black and on a white background") {
  std::set<int> colours;
  for (const Style style : {Style::notice, Style::key, Style::string, Style::number, Style::word}) {
    std::string out;
    Styler{true}.append(out, style, "x");
    colours.insert(colour_of(out));
  }
  for (int i = 0; i < 1'000; ++i) colours.insert(colour_of(topic("a/" + std::to_string(i))));
  CHECK(colours.size() > 12);
  for (const int colour : colours) {
    CAPTURE(colour);
    CHECK((luminance(colour) + 0.05) / 0.05 > 3.8);
    CHECK(1.05 / (luminance(colour) + 0.05) > 3.8);
  }
}

TEST_CASE("a topic has the same colour in every run, and is escaped") {
  CHECK(topic("sensors/kitchen/temperature") ==
        "\x1b[1;38;5;130msensors/kitchen/temperature\x1b[0m");
  CHECK(topic("sensors/cellar/temperature") == "\x1b[1;38;5;131msensors/cellar/temperature\x1b[0m");
  CHECK(topic("t\x1b[2J").find("t\\x1b[2J") != std::string::npos);
  std::string out;
  Styler{false}.append_topic(out, "t");
  CHECK(out == "t");
}
