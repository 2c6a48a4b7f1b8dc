// SPDX-License-Identifier: MIT
#include "payload/json_number.hpp"

#include <cstdint>
#include <random>
#include <string>

#include "catch.hpp"

using namespace mqtt_tools::payload;

TEST_CASE("all texts of one number have one form") {
  struct Case {
    const char* form;
    std::vector<const char*> texts;
  };
  const Case cases[] = {
      {"0", {"0", "-0", "0.0", "-0.000", "0e5", "0E-99999999999999999999", "0.0e+1"}},
      {"25e0", {"25", "25.0", "2.5e1", "250E-1", "0.25e+2", "0.0000025e7", "25e0", "25e-0"}},
      {"-1e-1", {"-0.1", "-0.10", "-1e-1", "-10E-2", "-0.01e001"}},
      {"1e400", {"1e400", "10e399", "0.1e401", "1000e397", "1E+400", "1.000e400"}},
      {"1e2", {"100", "1e2", "1e+02", "0.001e5"}},
      {"18446744073709551617e0", {"18446744073709551617", "1.8446744073709551617e19"}},
      // Exponents that 64 bits do not hold.
      {"1e100000000000000000000", {"1e100000000000000000000", "10e99999999999999999999"}},
      {"1e-100000000000000000000", {"0.1e-99999999999999999999", "10e-100000000000000000001"}},
      {"1e99999999999999999",
       {"1e99999999999999999", "0.1e100000000000000000", "1e0099999999999999999"}},
      {"1e100000000000000000", {"1e100000000000000000", "10e99999999999999999"}},
      {"1e-99999999999999999", {"10e-100000000000000000", "1e-99999999999999999"}},
  };
  for (const Case& c : cases) {
    for (const char* text : c.texts) {
      CAPTURE(text);
      CHECK(canonical_number(text) == c.form);
    }
  }
}

TEST_CASE("moving the point against the exponent changes no number, and a digit does") {
  std::mt19937 random{11};
  for (int i = 0; i < 2000; ++i) {
    std::string digits = std::to_string(1 + random() % 9);
    for (auto j = random() % 30; j > 0; --j) digits += static_cast<char>('0' + random() % 10);
    const auto exponent = static_cast<std::int64_t>(random() % 2000) - 1000;
    const auto with = [&](const std::string& all, std::size_t point) {
      const auto moved = exponent + static_cast<std::int64_t>(all.size() - point);
      return all.substr(0, point) + (point < all.size() ? "." + all.substr(point) : "") + "e" +
             std::to_string(moved);
    };
    const std::string form = canonical_number(with(digits, digits.size()));
    const std::size_t point = 1 + random() % digits.size();
    CAPTURE(digits, exponent, point);
    CHECK(canonical_number(with(digits, point)) == form);
    CHECK(canonical_number("-" + with(digits, point)) == "-" + form);
    std::string other = digits;
    char& changed = other[random() % other.size()];
    changed = changed == '9' ? '8' : '9';
    CHECK(canonical_number(with(other, point)) != form);
  }
}

TEST_CASE("a number of a million digits or such an exponent has a form") {
  const std::string nines(1'000'000, '9');
  CHECK(canonical_number(nines) == nines + "e0");
  CHECK(canonical_number("1e" + nines) == "1e" + nines);
  CHECK(canonical_number("10e" + nines) == "1e1" + std::string(1'000'000, '0'));
  CHECK(canonical_number("0.1e-" + nines) == "1e-1" + std::string(1'000'000, '0'));
  CHECK(canonical_number("0." + std::string(1'000'000, '0') + "1") == "1e-1000001");
}
