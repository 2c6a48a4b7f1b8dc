// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include "catch.hpp"
#include "cli/declarations.hpp"
#include "cli/fake_environment.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

namespace {

/// The values of the option with `key`, as `words` give them.
Words values(const Declarations& declared, const Words& words, std::string_view wanted) {
  for (const Setting& setting : read_command_line(declared, words).layer) {
    if (key(*setting.option) == wanted) {
      return setting.values;
    }
  }
  return {"not given"};
}

Words free_words(const Declarations& declared, const Words& words) {
  return read_command_line(declared, words).words;
}

}  // namespace

TEST_CASE("an option takes one value and leaves the next word alone") {
  CHECK(free_words(mqtt_pub(), {"-h", "a", "t", "m"}) == Words{"t", "m"});
  CHECK(free_words(mqtt_pub(), {"--field", "a=1", "top", "m"}) == Words{"top", "m"});
  CHECK(free_words(mqtt_sub(), {"-t", "a", "b", "c"}) == Words{"b", "c"});
  CHECK(values(mqtt_sub(), {"-t", "a", "-t", "b", "c"}, "topic") == Words{"a", "b"});
}

TEST_CASE("values arrive as they were written") {
  CHECK(values(mqtt_sub(), {"--expect", R"(["a","b"])"}, "expect") == Words{R"(["a","b"])"});
  CHECK(values(mqtt_pub(), {"--field", "b:={\"x\":[1,2]}"}, "field") == Words{"b:={\"x\":[1,2]}"});
  for (const char* value : {"-5", "--help", "", "'x'", "%%", "[x]", "a,b", "{}", "\"q\"", "=5"}) {
    CHECK(values(mqtt_pub(), {"-m", value, "t"}, "message") == Words{value});
    CHECK(values(mqtt_pub(), {std::string{"--message="} + value, "t"}, "message") == Words{value});
  }
}

TEST_CASE("words may be anything that is not an option") {
  for (const char* word : {"-5", "[x]", "", "-", "a b", "x=y", "+/#", "{\"a\":[1]}"}) {
    CHECK(free_words(mqtt_sub(), {"top", word}) == Words{"top", word});
  }
  CHECK(free_words(mqtt_pub(), {"--", "-x", "--", "-m"}) == Words{"-x", "--", "-m"});
}

TEST_CASE("letters of flags may stand together") {
  CHECK(values(mqtt_sub(), {"-vN0"}, "verbose").empty());
  CHECK(values(mqtt_sub(), {"-vN0"}, "N").empty());
  CHECK(values(mqtt_sub(), {"-vNC5", "t"}, "count") == Words{"5"});
}

TEST_CASE("an unknown option is named alone, with the one that was meant") {
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--pasword", "s3cret", "t"}),
                    "unknown option --pasword; did you mean --password?");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--passwort=s3cret"}),
                    "unknown option --passwort; did you mean --password?");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"top", "-Zs3cret"}),
                    "unknown option -Z; see --help");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--frobnicate"}),
                    "unknown option --frobnicate; see --help");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--\x1b[31m"}),
                    "unknown option --\\x1b[31m; see --help");
}

TEST_CASE("the distance of two words counts changes, additions, losses and swaps") {
  CHECK(distance("port", "port") == 0);
  CHECK(distance("port", "prt") == 1);
  CHECK(distance("hots", "host") == 1);
  CHECK(distance("", "abc") == 3);
  CHECK(distance("kitten", "sitting") == 3);
}
