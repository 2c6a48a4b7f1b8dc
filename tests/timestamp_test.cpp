// SPDX-License-Identifier: MIT
#include "timestamp.hpp"

#include "error.hpp"
#include "wall_clock.hpp"

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using mqtt_tools::support::Contains;

namespace {

Timestamp at(std::int64_t milliseconds) {
  return Timestamp{std::chrono::milliseconds{milliseconds}};
}

const Timestamp evening = utc(1795457703, 250000000);  // 2026-11-23T18:15:03.250Z

}  // namespace

TEST_CASE("times are written as RFC 3339 in UTC") {
  // Seconds from `date -u -d '...' +%s`.
  CHECK(to_rfc3339(utc(0), 0) == "1970-01-01T00:00:00Z");
  CHECK(to_rfc3339(utc(1795457700, 123456789), 6) == "2026-11-23T18:15:00.123456Z");
  CHECK(to_rfc3339(utc(1795457700, 123456789), 9) == "2026-11-23T18:15:00.123456789Z");
  CHECK(to_rfc3339(utc(1795457700, 123456789), 1) == "2026-11-23T18:15:00.1Z");
  CHECK(to_rfc3339(utc(1709164800), 3) == "2024-02-29T00:00:00.000Z");
  CHECK(to_rfc3339(utc(-1, 999000000), 3) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("decimals are cut, not rounded into the next second") {
  CHECK(to_rfc3339(utc(59, 999999999), 3) == "1970-01-01T00:00:59.999Z");
  CHECK(to_rfc3339(utc(59, 999999999), 0) == "1970-01-01T00:00:59Z");
}

TEST_CASE("RFC 3339 is read with any offset") {
  struct Case {
    const char* text;
    Timestamp time;
  };
  const Case cases[] = {
      {"1970-01-01T00:00:00Z", utc(0)},
      {"2026-11-23T18:15:00.123456Z", utc(1795457700, 123456000)},
      {"2026-11-23t18:15:00z", utc(1795457700)},
      {"2026-11-23 18:15:00Z", utc(1795457700)},
      {"2026-11-23T19:45:00.5+01:30", utc(1795457700, 500000000)},
      {"2026-11-23T10:15:00-08:00", utc(1795457700)},
      {"2026-11-23T18:15:00-00:00", utc(1795457700)},
      {"2026-11-23T18:15:00.000000001Z", utc(1795457700, 1)},
      {"2024-02-29T00:00:00Z", utc(1709164800)},
      {"1969-12-31T23:59:59.25Z", utc(-1, 250000000)},
      {"2016-12-31T23:59:60Z", utc(1483228800)},  // A leap second.
      {"2017-01-01T00:59:60.5+01:00", utc(1483228800, 500000000)},
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
    const Timestamp time = utc(any(random), below_second(random));
    CHECK(from_rfc3339(to_rfc3339(time, 9)) == time);
  }
}

TEST_CASE("the time of the envelope is local time by default") {
  const TimeZone zone{"XYZ-3"};  // Three hours ahead of UTC, POSIX writes it so.
  CHECK(TimeFormat{}.text(evening) == "2026-11-23 21-15-03");
}

TEST_CASE("time formats give the text that they name") {
  const TimeZone zone{"XYZ+2"};
  struct Case {
    const char* name;
    Zone zone;
    const char* text;
  };
  const Case cases[] = {
      {"iso", Zone::local, "2026-11-23T18:15:03.250Z"},
      {"iso", Zone::utc, "2026-11-23T18:15:03.250Z"},
      {"unix", Zone::local, "1795457703"},
      {"unix-ms", Zone::utc, "1795457703250"},
      {"%Y-%m-%d %H-%M-%S", Zone::utc, "2026-11-23 18-15-03"},
      {"%H:%M %z", Zone::local, "16:15 -0200"},
      {"%H:%M %z", Zone::utc, "18:15 +0000"},
      {"%a %b %e %j %%", Zone::utc, "Mon Nov 23 327 %"},
      {"um %H Uhr \u00e9", Zone::utc, "um 18 Uhr \u00e9"},
      {"%c", Zone::utc, "Mon Nov 23 18:15:03 2026"},
      {"ISO", Zone::local, "2026-11-23T18:15:03.250Z"},
      {"Iso-8601", Zone::local, "2026-11-23T18:15:03.250Z"},
      {"ISO8601", Zone::local, "2026-11-23T18:15:03.250Z"},
      {"RFC3339", Zone::local, "2026-11-23T18:15:03.250Z"},
      {"rfc_3339", Zone::local, "2026-11-23T18:15:03.250Z"},
      {"UNIX", Zone::local, "1795457703"},
      {"epoch", Zone::local, "1795457703"},
      {"Unix_MS", Zone::local, "1795457703250"},
      {"unixms", Zone::local, "1795457703250"},
      {"ms", Zone::local, "1795457703250"},
      {"epoch-ms", Zone::local, "1795457703250"},
      {"%s", Zone::local, "1795457703"},
      {"%s", Zone::utc, "1795457703"},
      {"t=%-s.%%s", Zone::utc, "t=1795457703.%s"},
      {"%k %l %P", Zone::utc, "18  6 pm"},
      {"%-d.%-m.%Y", Zone::utc, "23.11.2026"},
      {"%_5d|%05d|%^a|%#Z", Zone::utc, "   23|00023|MON|gmt"},
      {"%Ey %Od", Zone::utc, "26 23"},
      {"%%%H", Zone::utc, "%18"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(TimeFormat(c.name, c.zone).text(evening) == c.text);
  }
}

TEST_CASE("one format serves many times, in any order") {
  const TimeFormat format{"%H:%M:%S", Zone::utc};
  CHECK(format.text(at(0)) == "00:00:00");
  CHECK(format.text(at(999)) == "00:00:00");
  CHECK(format.text(at(1000)) == "00:00:01");
  CHECK(format.text(at(0)) == "00:00:00");
  CHECK(format.text(at(-1)) == "23:59:59");
}

TEST_CASE("a copied time format says what its original says") {
  const TimeFormat format{"%S", Zone::utc};
  CHECK(format.text(at(5000)) == "05");
  const TimeFormat copy = format;
  CHECK(copy.text(at(5000)) == "05");
  CHECK(copy.text(at(6000)) == "06");
}

TEST_CASE("a wrong time format is refused with the reason") {
  struct Case {
    std::string name;
    const char* reason;
  };
  const Case cases[] = {
      {"", "empty"},
      {"%Q", "unknown conversion %Q; known are iso (or rfc3339), unix, unix-ms and % with one of"},
      {"%H:%", "ends in %; write %% for a percent sign"},
      {"%%%", "ends in %"},
      {"%N", "unknown conversion %N"},
      {"%-", "unknown conversion %-"},
      {"%5", "unknown conversion %5"},
      {"%-Q", "unknown conversion %-Q"},
      {"%EH", "unknown conversion %EH"},
      {"%O", "unknown conversion %O"},
      {"plain", "contains no time"},
      {"now", "contains no time"},
      {"isoo", "contains no time"},
      {"%99999Y", "gives an empty string"},
      {"%\x1b", "unknown conversion %\\x1b"},
      {"%H\xff", "is not UTF-8"},
      {std::string(201, 'x'), "too long"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.reason);
    CHECK_THROWS_AS(TimeFormat(c.name, Zone::utc), UsageError);
    CHECK_THROWS_WITH(TimeFormat(c.name, Zone::utc), Contains(c.reason));
  }
}

TEST_CASE("times are read in the forms that say which point in time they mean") {
  const TimeZone zone{"XYZ-3"};
  CHECK(read_time("2026-11-23T18:15:03.250Z") == evening);
  CHECK(read_time("2026-11-23T21:15:03+03:00") == at(1795457703000));
  CHECK(read_time("1795457703") == at(1795457703000));
  CHECK(read_time("1795457703250") == evening);
}

TEST_CASE("what is no time is not read as one") {
  for (const char* text :
       {"", "42", "12345678", "12345678901", "99999999999999999999999", "2026-02-30 10-00-00",
        "2026-11-23 24-00-00", "2026-11-23 10-00", "2026-11-23 10-00:00", "2026-11-23 10-00-00Z",
        "yesterday", "-1795457703", "1795457703.5"}) {
    CAPTURE(text);
    CHECK_FALSE(read_time(text));
  }
}

TEST_CASE("digits are a time only if they are ten or thirteen") {
  std::string digits;
  for (std::size_t size = 1; size <= 40; ++size) {
    digits += '1';
    CAPTURE(size);
    CHECK(read_time(digits).has_value() == (size == 10 || size == 13));
  }
  CHECK(read_time("0000000000") == at(0));
  CHECK(read_time("0000000000001") == at(1));
}

TEST_CASE("a time that does not say its zone is no point in time") {
  const TimeZone zone{"XYZ-3"};
  for (const char* text :
       {"2026-11-23 21-15-03", "2026-11-23T21:15:03", "2026-11-23 21:15:03", "0001-01-01 00-00-00",
        "1969-12-31 23-59-59", "2262-04-11 23-47-14", "9999-12-31 23-59-59"}) {
    CAPTURE(text);
    CHECK_FALSE(read_time(text));
  }
}

TEST_CASE("a time beyond what the clock can count is none, and the last one before it is one") {
  CHECK(read_time("9223372036") == at(9223372036000));
  CHECK_FALSE(read_time("9223372037"));
  CHECK_FALSE(read_time("9628342374"));
  CHECK_FALSE(read_time("9999999999"));
  CHECK(read_time("9223372036854") == at(9223372036854));
  CHECK_FALSE(read_time("9223372036855"));
  CHECK_FALSE(read_time("9999999999999"));
  CHECK_FALSE(read_time("2262-04-11T23:47:17Z"));
  CHECK_FALSE(read_time("9999-12-31T23:59:59.999999999-23:59"));
  CHECK_FALSE(read_time("0001-01-01T00:00:00+23:59"));
}
