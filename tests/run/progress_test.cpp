// SPDX-License-Identifier: MIT
#include "run/progress.hpp"

#include "run/forked.hpp"

#include "catch.hpp"

#include <chrono>
#include <string>

namespace mqtt_tools::run {
namespace {

using namespace std::chrono_literals;

TEST_CASE("what the progress line tells") {
  struct Case {
    PublishProgress progress;
    Duration elapsed;
    const char* text;
  };
  const Case cases[] = {
      {{5, 3, {}}, 0s, "5 sent, 3 acknowledged"},
      {{5, 3, {}, "written"}, 0s, "5 sent, 3 written"},
      {{5000, 4990, {}}, 2s, "5000 sent, 4990 acknowledged, 2495/s"},
      {{50, 40, {250, 1000}}, 2s, "50 sent, 40 acknowledged, 20/s, 25 % of 1.0 kB, 6 s left"},
      {{50, 40, {0, 999}}, 2s, "50 sent, 40 acknowledged, 20/s, 0 % of 999 B"},
      {{50, 40, {1000, 1000}}, 2s, "50 sent, 40 acknowledged, 20/s, 100 % of 1.0 kB"},
      {{50, 40, {2000, 1000}}, 2s, "50 sent, 40 acknowledged, 20/s, 100 % of 1.0 kB"},
      {{1, 1, {1'000'000, 1'999'960'000}},
       1s,
       "1 sent, 1 acknowledged, 1/s, 0 % of 2.0 GB, 33 min 19 s left"},
      {{1, 1, {1, 20'000}}, 1s, "1 sent, 1 acknowledged, 1/s, 0 % of 20.0 kB, 5 h 33 min left"},
      {{1, 1, {1, ~std::uint64_t{0}}},
       1s,
       "1 sent, 1 acknowledged, 1/s, 0 % of 18.4 EB, 1000 h 0 min left"},
  };
  for (const auto& [progress, elapsed, text] : cases) {
    CHECK(progress_text(progress, elapsed, 100) == text);
  }
}

TEST_CASE("a progress line is cut to what fits its terminal") {
  const PublishProgress progress{5000, 4990, {250, 1000}};
  for (std::size_t width = 0; width < 80; ++width) {
    CAPTURE(width);
    const std::string text = progress_text(progress, 2s, width);
    CHECK((text.empty() || text.size() < width));
  }
  CHECK(progress_text(progress, 2s, 31) == "5000 sent, 4990 acknowledged");
}

TEST_CASE("without a terminal there is no progress line") {
  const Told told = forked([] {
    ProgressLine line{true, Clock::time_point{}};
    line.show({}, Clock::time_point{} + 1h);
    ::_exit(line.due() ? 1 : 0);
  });
  CHECK(told.code == 0);
  CHECK(told.error.empty());
}

TEST_CASE("how many messages came in what time") {
  CHECK(count_text(0, 4999ms) == "0 messages in 5.0 s");
  CHECK(count_text(1, 20ms) == "1 message in 0.0 s");
  CHECK(count_text(2, 9949ms) == "2 messages in 9.9 s");
  CHECK(count_text(2, 9960ms) == "2 messages in 10 s");
  CHECK(count_text(12, 200'400ms) == "12 messages in 3 min 20 s");
  CHECK(count_text(12, 59'600ms) == "12 messages in 1 min 0 s");
  CHECK(count_text(12, 27h + 10min) == "12 messages in 27 h 10 min");
}

TEST_CASE("without a terminal on stderr nobody is told of a subscription") {
  const Told told = forked([] {
    StatusLines lines{true, true};
    lines.begin({"t"}, "localhost:1883", Clock::time_point{});
    lines.end(3, Clock::time_point{} + 1h);
    ::_exit(0);
  });
  CHECK(told.code == 0);
  CHECK(told.error.empty());
}

}  // namespace
}  // namespace mqtt_tools::run
