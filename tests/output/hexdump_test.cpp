// SPDX-License-Identifier: MIT
#include "output/hexdump.hpp"

#include "catch.hpp"

#include <algorithm>
#include <string>
#include <string_view>

using mqtt_tools::output::append_hexdump;
using namespace std::string_literals;

namespace {

std::string hexdump(std::string_view bytes, std::string_view margin = "") {
  std::string out;
  append_hexdump(out, bytes, margin);
  return out;
}

}  // namespace

TEST_CASE("a hexdump has the offset, sixteen bytes a line and what of them is ASCII") {
  CHECK(hexdump("The quick brown fox\x00\x7f\xff\n"s, "> ") ==
        "> 00000000  54 68 65 20 71 75 69 63  6b 20 62 72 6f 77 6e 20  |The quick brown |\n"
        "> 00000010  66 6f 78 00 7f ff 0a                              |fox....|");
}

TEST_CASE("a hexdump of sixteen bytes has one line") {
  CHECK(hexdump("0123456789abcdef") ==
        "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|");
}

TEST_CASE("a long hexdump is cut after 4 KiB and says how much is missing") {
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n') + 1;
  };
  const auto last = [](const std::string& text) { return text.substr(text.rfind('\n') + 1); };

  const std::string whole = hexdump(std::string(4096, 'x'));
  CHECK(lines(whole) == 256);
  CHECK(last(whole).substr(0, 10) == "00000ff0  ");

  const std::string one_more = hexdump(std::string(4097, 'x'), "  ");
  CHECK(lines(one_more) == 257);
  CHECK(last(one_more) == "  (1 byte more)");
  CHECK(last(hexdump(std::string(10'000'000, 'x'))) == "(9995904 bytes more)");
}
