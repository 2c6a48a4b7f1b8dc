// SPDX-License-Identifier: MIT
#include "timestamp.hpp"

#include <cstdint>
#include <random>

#include "catch.hpp"

using namespace mqtt_tools;

namespace {

Timestamp at(std::int64_t seconds, std::int64_t nanoseconds = 0) {
  return Timestamp{std::chrono::seconds{seconds}} + std::chrono::nanoseconds{nanoseconds};
}

}  // namespace

TEST_CASE("times are written as RFC 3339 in UTC") {
  // Seconds from `date -u -d '...' +%s`.
  CHECK(to_rfc3339(at(0), 0) == "1970-01-01T00:00:00Z");
  CHECK(to_rfc3339(at(1795457700, 123456789), 6) == "2026-11-23T18:15:00.123456Z");
  CHECK(to_rfc3339(at(1795457700, 123456789), 9) == "2026-11-23T18:15:00.123456789Z");
  CHECK(to_rfc3339(at(1795457700, 123456789), 1) == "2026-11-23T18:15:00.1Z");
  CHECK(to_rfc3339(at(1709164800), 3) == "2024-02-29T00:00:00.000Z");
  CHECK(to_rfc3339(at(-1, 999000000), 3) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("decimals are cut, not rounded into the next second") {
  CHECK(to_rfc3339(at(59, 999999999), 3) == "1970-01-01T00:00:59.999Z");
  CHECK(to_rfc3339(at(59, 999999999), 0) == "1970-01-01T00:00:59Z");
}

TEST_CASE("RFC 3339 is read with any offset") {
  struct Case {
    const char* text;
    Timestamp time;
  };
  const Case cases[] = {
      {"1970-01-01T00:00:00Z", at(0)},
      {"2026-11-23T18:15:00.123456Z", at(1795457700, 123456000)},
      {"2026-11-23t18:15:00z", at(1795457700)},
      {"2026-11-23 18:15:00Z", at(1795457700)},
      {"2026-11-23T19:45:00.5+01:30", at(1795457700, 500000000)},
      {"2026-11-23T10:15:00-08:00", at(1795457700)},
      {"2026-11-23T18:15:00-00:00", at(1795457700)},
      {"2026-11-23T18:15:00.000000001Z", at(1795457700, 1)},
      {"2024-02-29T00:00:00Z", at(1709164800)},
      {"1969-12-31T23:59:59.25Z", at(-1, 250000000)},
      {"2016-12-31T23:59:60Z", at(1483228800)},  // A leap second.
      {"2017-01-01T00:59:60.5+01:00", at(1483228800, 500000000)},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(from_rfc3339(c.text) == c.time);
  }
}

TEST_CASE("what is not RFC 3339 is not read") {
  for (const char* text : {"",
                           "now",
                           "2026-11-23",
                           "2026-11-23T18:15:00",
                           "2026-11-23T18:15Z",
                           "26-11-23T18:15:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T18:60:00Z",
                           "2026-11-23T18:15:60Z",
                           "2026-11-23T18:15:61Z",
                           "2026-11-23T18:15:00.Z",
                           "2026-11-23T18:15:00,5Z",
                           "2026-11-23T18:15:00.1234567890Z",
                           "2026-11-23T18:15:00+0100",
                           "2026-11-23T18:15:00+24:00",
                           "2026-11-23T18:15:00+01:60",
                           "2026-11-23T18:15:00Zx",
                           " 2026-11-23T18:15:00Z",
                           "2026-11-23T18:15:00Z ",
                           "+026-11-23T18:15:00Z",
                           "2026/11/23T18:15:00Z",
                           "2026-11-23_18:15:00Z",
                           "2026-11-23T18:15:00Z+0000",
                           "0000-01-01T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(from_rfc3339(text));
  }
}

TEST_CASE("years that the clock cannot count are not read, and nothing overflows") {
  for (const char* text : {"0001-01-01T00:00:00Z", "1600-01-01T00:00:00Z", "2300-01-01T00:00:00Z",
                           "9999-12-31T23:59:59.999999999-23:59"}) {
    CAPTURE(text);
    CHECK_FALSE(from_rfc3339(text));
  }
  CHECK(from_rfc3339("1700-01-01T00:00:00Z"));
  CHECK(from_rfc3339("2262-01-01T00:00:00Z"));
}

TEST_CASE("every time comes back from its text") {
  std::mt19937_64 random{1};
  std::uniform_int_distribution<std::int64_t> any{-8000000000, 8000000000};
  std::uniform_int_distribution<std::int64_t> below_second{0, 999999999};
  for (int i = 0; i < 2000; ++i) {
    const Timestamp time = at(any(random), below_second(random));
    CHECK(from_rfc3339(to_rfc3339(time, 9)) == time);
  }
}
