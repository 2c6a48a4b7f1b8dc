// SPDX-License-Identifier: MIT
#include "time_format.hpp"

#include "error.hpp"

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using Catch::Matchers::Contains;

namespace {

/// Sets the local time zone for the length of a test.
class LocalZone {
 public:
  explicit LocalZone(const char* name) {
    const char* old = std::getenv("TZ");
    had_one_ = old != nullptr;
    if (had_one_) old_ = old;
    set(name);
  }
  ~LocalZone() {
    if (had_one_) {
      set(old_.c_str());
    } else {
      unsetenv("TZ");
      tzset();
    }
  }
  LocalZone(const LocalZone&) = delete;
  LocalZone& operator=(const LocalZone&) = delete;

 private:
  static void set(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }

  bool had_one_ = false;
  std::string old_{};
};

Timestamp at(std::int64_t milliseconds) {
  return Timestamp{std::chrono::milliseconds{milliseconds}};
}

const Timestamp evening = at(1795457703250);  // 2026-11-23T18:15:03.250Z

}  // namespace

TEST_CASE("the time of the envelope is local time by default") {
  const LocalZone zone{"XYZ-3"};  // Three hours ahead of UTC, POSIX writes it so.
  CHECK(TimeFormat{}.text(evening) == "2026-11-23 21-15-03");
}

TEST_CASE("time formats give the text that they name") {
  const LocalZone zone{"XYZ+2"};
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
      {"plain", Zone::utc, "plain"},
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
      {"%Q", "unknown conversion %Q; known are iso, unix, unix-ms and % with one of"},
      {"%H:%", "ends in %; write %% for a percent sign"},
      {"%%%", "ends in %"},
      {"%s", "unknown conversion %s"},
      {"%-d", "unknown conversion %-"},
      {"%Ey", "unknown conversion %E"},
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
  const LocalZone zone{"XYZ-3"};
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
  const LocalZone zone{"XYZ-3"};
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
