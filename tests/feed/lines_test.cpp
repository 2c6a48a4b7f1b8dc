// SPDX-License-Identifier: MIT
#include "feed/lines.hpp"

#include "feed/given.hpp"

#include "catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::feed {
namespace {

std::vector<std::string> lines_of(std::string_view text, std::size_t limit = 1'000'000) {
  const GivenFile file{text};
  Lines lines{file.path(), limit};
  std::vector<std::string> result;
  std::string_view line;
  while (lines.next(line) == Supply::message) {
    result.emplace_back(line);
  }
  CHECK(lines.number() == result.size());
  CHECK(lines.next(line) == Supply::end);
  return result;
}

using Texts = std::vector<std::string>;

TEST_CASE("what a line is") {
  using namespace std::string_literals;
  struct Case {
    std::string text;
    Texts lines;
  };
  const Case cases[] = {
      {"", {}},
      {"\n", {""}},
      {"a", {"a"}},
      {"a\n", {"a"}},
      {"a\nb", {"a", "b"}},
      {"a\n\nb\n", {"a", "", "b"}},
      {"\n\n", {"", ""}},
      {"a\r\nb\r\n", {"a", "b"}},
      {"\r\n", {""}},
      {"a\r\r\n", {"a\r"}},
      {"a\rb\n", {"a\rb"}},
      {"a\r", {"a\r"}},
      {"a\0b\n\0\n"s, {"a\0b"s, "\0"s}},
      {"\xff\xfe\n", {"\xff\xfe"}},
      {"\xEF\xBB\xBF"
       "a\n\xEF\xBB\xBF"
       "b\n",
       {"a",
        "\xEF\xBB\xBF"
        "b"}},
      {"\xEF\xBB\xBF", {""}},
      {"\xEF\xBB", {"\xEF\xBB"}},
  };
  for (const auto& [text, lines] : cases) {
    CAPTURE(text);
    CHECK(lines_of(text) == lines);
  }
}

TEST_CASE("lines around the size of a block come whole") {
  constexpr std::size_t block = 64 * 1024;
  for (const std::size_t size : {block / 2 - 1, block / 2, block / 2 + 1, block - 2, block - 1,
                                 block, block + 1, 2 * block, 3 * block + 7}) {
    CAPTURE(size);
    const std::string line(size, 'x');
    CHECK(lines_of("a\n" + line + "\n" + line + "\r\nb\n" + line) ==
          Texts{"a", line, line, "b", line});
  }
}

TEST_CASE("many lines of changing length come in order") {
  std::string text;
  Texts expected;
  for (std::size_t i = 0; i < 5000; ++i) {
    expected.push_back(std::to_string(i) + std::string((i * 7919) % 3001, 'y'));
    text += expected.back() + "\n";
  }
  CHECK(lines_of(text) == expected);
}

TEST_CASE("a line above the limit is refused with its number and size") {
  CHECK(lines_of("12345\r\n12345\n12345", 5) == Texts{"12345", "12345", "12345"});

  CHECK(usage_error([] { lines_of("1\n123456\n", 5); }) ==
        "line 2: 6 bytes; a message holds at most 5");
  CHECK(usage_error([] { lines_of("123456", 5); }) == "line 1: 6 bytes; a message holds at most 5");
}

TEST_CASE("an endless line is refused before it is read") {
  Lines lines{"/dev/zero", 100'000};
  std::string_view line;
  CHECK(usage_error([&] { lines.next(line); }) ==
        "line 1: more than 100000 bytes; a message cannot hold them");
}

TEST_CASE("a line that is not complete yet is waited for") {
  GivenStdin input;
  Lines lines{{}, 1000};
  std::string_view line;
  CHECK(lines.next(line) == Supply::not_yet);
  CHECK(lines.input().fd() == STDIN_FILENO);

  input.write("ab");
  CHECK(lines.next(line) == Supply::not_yet);
  input.write("c\nd");
  REQUIRE(lines.next(line) == Supply::message);
  CHECK(line == "abc");
  CHECK(lines.next(line) == Supply::not_yet);

  input.end();
  REQUIRE(lines.next(line) == Supply::message);
  CHECK(line == "d");
  CHECK(lines.next(line) == Supply::end);
  CHECK(lines.input().fd() == -1);
}

}  // namespace
}  // namespace mqtt_tools::feed
