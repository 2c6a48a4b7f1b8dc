// SPDX-License-Identifier: MIT
#include "screen/frame.hpp"

#include "catch.hpp"
#include "text.hpp"

#include <chrono>
#include <cmath>

using namespace mqtt_tools;
using namespace mqtt_tools::screen;
using namespace std::chrono_literals;
using namespace std::string_literals;

TEST_CASE("text fits into columns, cut at its end or at its front") {
  CHECK(fit("hall", 6) == "hall  ");
  CHECK(fit("hallway", 6) == "hallw…");
  CHECK(fit("site/hall", 6, Cut::front) == "…/hall");
  CHECK(fit("hall", 4) == "hall");
  CHECK(fit("hall", 1) == "…");
  CHECK(fit("hall", 0) == "");
  CHECK(fit("", 3) == "   ");
  CHECK(fit_right("7", 3) == "  7");
  CHECK(fit_right("12345", 3) == "12…");
}

TEST_CASE("a wide character is never cut in two, and its column is filled") {
  CHECK(fit("東京駅", 6) == "東京駅");
  CHECK(fit("東京駅", 5) == "東京…");
  CHECK(fit("東京駅", 4) == "東… ");
  CHECK(fit("東京駅", 4, Cut::front) == "…駅 ");
  CHECK(fit("🙂🙂", 3) == "🙂…");
}

TEST_CASE("what is put into columns takes exactly those, whatever it is") {
  std::string accents = "e";
  for (int i = 0; i < 10'000; ++i) accents += "\u0301";
  const std::vector<std::string> texts{"\x1b[2J\x1b]0;x\x07",
                                       "\u009b2J",
                                       "\xff\xfe\x80",
                                       "a\0b"s,
                                       "\u202egpj.exe",
                                       "\r\n\t",
                                       "👩\u200d👩\u200d👧\ufe0f",
                                       "\u0301\u0301 first",
                                       accents,
                                       std::string(100'000, 'x'),
                                       "🇩🇪🇫🇷",
                                       "\U000e0041tag",
                                       "אבג",
                                       "ก็ก็"};
  for (const auto& text : texts) {
    for (const auto cut : {Cut::end, Cut::front}) {
      for (std::size_t width = 0; width < 30; ++width) {
        const auto shown = fit(text, width, cut);
        CAPTURE(escaped(text.substr(0, 40)), width);
        CHECK(columns(shown) == width);
        CHECK(escaped(shown) == shown);
        CHECK(shown.size() <= 16 * width + 32);
      }
    }
  }
  CHECK(fit("👩\u200d👧", 4) == "👩👧");
}

TEST_CASE("numbers take six columns at most") {
  CHECK(short_number(0) == "0");
  CHECK(short_number(0.001) == "0");
  CHECK(short_number(0.25) == "0.25");
  CHECK(short_number(9.996) == "10.0");
  CHECK(short_number(99.96) == "100");
  CHECK(short_number(12'345) == "12345");
  CHECK(short_number(123'456) == "123k");
  CHECK(short_number(1'234'567) == "1.2M");
  CHECK(short_number(45'600'000) == "46M");
  for (double value = 1e-9; value < 1e300; value *= 1.7) {
    CAPTURE(value);
    CHECK(short_number(value).size() <= (value < 1e9 ? 6 : 8));
  }
}

TEST_CASE("ages take five columns at most and one unit") {
  CHECK(short_age(0.2s) == "now");
  CHECK(short_age(-5s) == "now");
  CHECK(short_age(1.9s) == "1s");
  CHECK(short_age(99s) == "99s");
  CHECK(short_age(100s) == "1m");
  CHECK(short_age(2h) == "2h");
  CHECK(short_age(71h) == "71h");
  CHECK(short_age(240h) == "10d");
}

TEST_CASE("a sparkline spans its least and its greatest value") {
  CHECK(bars({0, 1, 2, 3, 4, 5, 6, 7}, 1).front() == "▁▂▃▄▅▆▇█");
  CHECK(bars({3, 3, 3}, 1).front() == "▅▅▅");
  CHECK(bars({-1e308, 1e308}, 1).front() == "▁█");
  CHECK(bars({NAN, 1, 2}, 1).front() == " ▁█");
  CHECK(bars({}, 1).front() == "");
  CHECK(bars({NAN, INFINITY}, 1).front() == "  ");
}

TEST_CASE("bars are a sparkline of several lines") {
  CHECK(bars({0, 1, 2}, 2) == std::vector<std::string>{" ▁█", "▁██"});
}
