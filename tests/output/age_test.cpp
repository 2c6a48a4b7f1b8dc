// SPDX-License-Identifier: MIT
#include "output/age.hpp"

#include "catch.hpp"
#include "wall_clock.hpp"

#include <cstdint>
#include <string>

using mqtt_tools::output::age;

TEST_CASE("an age is told in one unit, rounded, and only when it matters") {
  struct Row {
    std::int64_t milliseconds;  // from then to now
    std::string expected;
  };
  const Row rows[] = {
      {0, ""},
      {2'000, ""},
      {2'001, "2 s ago"},
      {45'000, "45 s ago"},
      {2'499, "2 s ago"},
      {2'500, "3 s ago"},
      {119'499, "119 s ago"},
      {119'500, "2 min ago"},
      {120'000, "2 min ago"},
      {150'000, "3 min ago"},
      {3 * 60'000 + 59'000, "4 min ago"},
      {7'169'999, "119 min ago"},
      {7'170'000, "2 h ago"},
      {7'199'000, "2 h ago"},
      {7'200'000, "2 h ago"},
      {8 * 3'600'000 - 7'000, "8 h ago"},
      {170'999'999, "47 h ago"},
      {171'000'000, "2 days ago"},
      {172'800'000, "2 days ago"},
      {216'000'000, "3 days ago"},
      {-2'000, ""},
      {-2'001, "2 s ahead"},
      {-3'600'000, "60 min ahead"},
      {-8 * 3'600'000 + 1'000, "8 h ahead"},
  };
  const auto now = utc(1'000'000, 500'000'000);
  for (const Row& row : rows) {
    CAPTURE(row.milliseconds);
    CHECK(age(now - std::chrono::milliseconds{row.milliseconds}, now) == row.expected);
  }
}

TEST_CASE("the age of a date at the end of all clocks is no overflow") {
  using mqtt_tools::Timestamp;
  CHECK(age(Timestamp::max(), Timestamp::min()) == "213504 days ahead");
  CHECK(age(Timestamp::min(), Timestamp::max()) == "213504 days ago");
}
