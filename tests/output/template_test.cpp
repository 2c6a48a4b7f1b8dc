// SPDX-License-Identifier: MIT
#include "output/template.hpp"

#include "catch.hpp"
#include "error.hpp"
#include "message.hpp"
#include "wall_clock.hpp"

#include <string>
#include <string_view>
#include <vector>

using mqtt_tools::Message;
using mqtt_tools::Qos;
using mqtt_tools::UsageError;
using mqtt_tools::output::Template;
using mqtt_tools::payload::decode;
using namespace std::string_literals;

namespace {

/// A message with all that MQTT 5 can say, but for the topic alias and the subscription identifier.
Message full() {
  Message message;
  message.topic = "sensors/kitchen";
  message.payload = "21.5 C";
  message.qos = Qos::at_least_once;
  message.retained = true;
  message.id = 1;
  message.properties.payload_format = 1;
  message.properties.expiry = 4000;
  message.properties.content_type = "text/plain";
  message.properties.response_topic = "reply/here";
  message.properties.correlation_data = "c1";
  message.properties.user = {{"a", "1"}, {"b", "two"}, {"a", "3"}};
  message.time = utc(1'795'457'703, 12'345'678);  // 2026-11-23T18:15:03.012345678Z
  return message;
}

/// One without any of it.
Message bare() {
  Message message;
  message.topic = "t";
  message.payload = "hi";
  return message;
}

std::string rendered(std::string_view format, const Message& message, bool terminal = false) {
  std::string out;
  Template{format}.render(out, decode(message), terminal);
  return out;
}

struct Row {
  std::string_view format;
  std::string expected;
};

}  // namespace

// This table and the next one were compared with what mosquitto_sub 2.0.11 prints.
TEST_CASE("a format gives what mosquitto_sub gives") {
  const std::vector<Row> rows = {
      {"", ""},
      {"plain text", "plain text"},
      {"%t", "sensors/kitchen"},
      {"%p", "21.5 C"},
      {"%t %p", "sensors/kitchen 21.5 C"},
      {"%%", "%"},
      {"100%%", "100%"},
      {"%5%", "%"},
      {"@@", "@"},
      {"a@@b", "a@b"},
      {"@%", "%"},
      {"\\\\", "\\"},
      {"\\a\\e\\n\\r\\t\\v", "\a\x1b\n\r\t\v"},
      {"a\\0b", "a\0b"s},
      {"\\e[1m%t\\e[0m", "\x1b[1msensors/kitchen\x1b[0m"},
      {"%q", "1"},
      {"%r", "1"},
      {"%l", "6"},
      {"%m", "1"},
      {"%C", "text/plain"},
      {"%D", "c1"},
      {"%E", "4000"},
      {"%F", "1"},
      {"%P", "a:1 b:two a:3"},
      {"%R", "reply/here"},
      {"%x", "32312e352043"},
      {"%X", "32312E352043"},
      // Width of text
      {"[%20t]", "[     sensors/kitchen]"},
      {"[%-20t]", "[sensors/kitchen     ]"},
      {"[%5t]", "[sensors/kitchen]"},
      {"[%.7t]", "[sensors]"},
      {"[%10.7t]", "[   sensors]"},
      {"[%-10.7t]", "[sensors   ]"},
      {"[%.0t]", "[]"},
      {"[%.t]", "[]"},
      {"[%5.0t]", "[     ]"},
      {"[%020t]", "[     sensors/kitchen]"},
      {"[%15C]", "[     text/plain]"},
      {"[%-15C]", "[text/plain     ]"},
      {"[%.4C]", "[text]"},
      {"[%12.4R]", "[        repl]"},
      {"[%-12R]", "[reply/here  ]"},
      // Width of numbers
      {"[%5l]", "[    6]"},
      {"[%-5l]", "[6    ]"},
      {"[%05l]", "[00006]"},
      {"[%-05l]", "[6    ]"},
      {"[%.3l]", "[6]"},
      {"[%6E]", "[  4000]"},
      {"[%06E]", "[004000]"},
      {"[%03m]", "[001]"},
      {"[%-3F]", "[1  ]"},
      // These have no width
      {"[%5q]", "[1]"},
      {"[%-5r]", "[1]"},
      {"[%20P]", "[a:1 b:two a:3]"},
      {"[%9D]", "[c1]"},
      // The payload is cut to its width
      {"[%10p]", "[    21.5 C]"},
      {"[%-10p]", "[21.5 C    ]"},
      {"[%010p]", "[000021.5 C]"},
      {"[%4p]", "[21.5]"},
      {"[%-4p]", "[21.5]"},
      {"[%.2p]", "[21.5 C]"},
      {"[%-p]", "[21.5 C      ]"},
      // In hex to what so many digits hold
      {"[%20x]", "[        32312e352043]"},
      {"[%020X]", "[0000000032312E352043]"},
      {"[%-20x]", "[32312e352043        ]"},
      {"[%012x]", "[32312e352043]"},
      {"[%11x]", "[ 32312e3520]"},
      {"[%4x]", "[3231]"},
      {"[%1x]", "[ ]"},
      {"[%-x]", "[32312e352043      ]"},
      // Other characters mean nothing
      {"{%t: \"%p\"}", "{sensors/kitchen: \"21.5 C\"}"},
      {"é%té", "ésensors/kitchené"},
  };
  const Message message = full();
  for (const Row& row : rows) {
    CAPTURE(row.format);
    CHECK(rendered(row.format, message) == row.expected);
  }
}

TEST_CASE("what a message does not have is blank in a format") {
  const std::vector<Row> rows = {
      {"%q%r%m", "000"},    {"[%A]", "[]"},        {"[%C]", "[]"},        {"[%D]", "[]"},
      {"[%E]", "[]"},       {"[%F]", "[]"},        {"[%P]", "[]"},        {"[%R]", "[]"},
      {"[%S]", "[]"},       {"[%5A]", "[     ]"},  {"[%05A]", "[00000]"}, {"[%-05E]", "[00000]"},
      {"[%5C]", "[     ]"}, {"[%05C]", "[     ]"}, {"[%5R]", "[]"},       {"[%3S]", "[   ]"},
      {"[%03F]", "[000]"},  {"[%3m]", "[  0]"},
  };
  const Message message = bare();
  for (const Row& row : rows) {
    CAPTURE(row.format);
    CHECK(rendered(row.format, message) == row.expected);
  }
}

TEST_CASE("a format gives the time of the message as the clock on the wall has it") {
  const TimeZone zone{"UTC-1"};  // POSIX counts the other way round: an hour east of Greenwich
  const std::vector<Row> rows = {
      {"%I", "2026-11-23T19:15:03+0100"},
      {"[%26I]", "[  2026-11-23T19:15:03+0100]"},
      {"[%-26.10I]", "[2026-11-23                ]"},
      {"%U", "1795457703.012345678"},
      {"[%30U]", "[1795457703.012345678]"},
      {"@Y-@m-@d @H:@M:@S", "2026-11-23 19:15:03"},
      {"@H:@M:@S.@N", "19:15:03.012345678"},
      {"@F @T @z @s @j", "2026-11-23 19:15:03 +0100 1795457703 327"},
      {"@Hh", "19h"},
      {"@n@t", "\n\t"},
  };
  const Message message = full();
  for (const Row& row : rows) {
    CAPTURE(row.format);
    CHECK(rendered(row.format, message) == row.expected);
  }
}

TEST_CASE("a format knows topic alias and subscription identifier") {
  Message message = bare();
  message.properties.topic_alias = 12;
  message.properties.subscription_identifiers = {42, 43};
  CHECK(rendered("%A %04A", message) == "12 0012");
  CHECK(rendered("%S %-4S|", message) == "42 42  |");
}

// From here on the manual of mosquitto 2.1; 2.0.11 lacks them.
TEST_CASE("hex digits can be grouped") {
  Message message = bare();
  message.payload = "\x01\xab\xff"s;
  const std::vector<Row> rows = {
      {"%.2x", "01 ab ff"},         {"%.2:x", "01:ab:ff"},        {"%.2-X", "01-AB-FF"},
      {"%.4x", "01ab ff"},          {"%.1x", "0 1 a b f f"},      {"%.3x", "01a bff"},
      {"%.6x", "01abff"},           {"%.100x", "01abff"},         {"%010.2:x", "00:00:01:ab:ff"},
      {"[%8.2x]", "[   01 ab ff]"}, {"[%-8.2x]", "[01 ab ff  ]"}, {"%4.2:x", "01:ab"},
      {"%.0x", "01abff"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.format);
    CHECK(rendered(row.format, message) == row.expected);
  }
  message.payload = "";
  CHECK(rendered("[%.2:x]", message) == "[]");
}

TEST_CASE("four or eight bytes can be read as a floating-point number") {
  Message message = bare();
  message.payload = "\0\0\xac\xc1"s;  // -21.5 as the float of this machine, least byte first
  CHECK(rendered("%f", message) == "-21.500000");
  CHECK(rendered("%.1f", message) == "-21.5");
  CHECK(rendered("[%8.1f]", message) == "[   -21.5]");
  CHECK(rendered("[%-8.1f]", message) == "[-21.5   ]");
  CHECK(rendered("[%08.1f]", message) == "[-00021.5]");
  CHECK(rendered("[%d]", message) == "[]");

  message.payload = "\0\0\0\0\0\0\xf8\x3f"s;  // 1.5
  CHECK(rendered("%d", message) == "1.500000");
  CHECK(rendered("[%06.2d]", message) == "[001.50]");
  CHECK(rendered("[%f]", message) == "[]");

  message.payload = "\0\0\0\0\0\0\xf0\x7f"s;
  CHECK(rendered("[%06d]", message) == "[   inf]");
  message.payload = "\xff\xff\xff\xff\xff\xff\xef\xff"s;  // the most digits that there can be
  CHECK(rendered("%.100000d", message).size() == 1 + 309 + 1 + 100);
}

TEST_CASE("an expiry of more than 31 bits stays positive") {
  Message message = bare();
  message.properties.expiry = 4'294'967'295U;
  CHECK(rendered("%E", message) == "4294967295");
}

TEST_CASE("a payload with NUL goes through a format whole") {
  Message message = bare();
  message.payload = "a\0b"s;
  CHECK(rendered("[%p] %l %x", message) == "[a\0b] 3 610062"s);
}

TEST_CASE("a record can stand in a format") {
  Message message = bare();
  message.payload = R"({"a": 1e2})";
  message.time = utc(0, 0);
  CHECK(rendered("<%j>", message) ==
        R"(<{"tst":"1970-01-01T00:00:00.000000Z","topic":"t","qos":0,"retain":false,)"
        R"("payloadlen":10,"payload":"{\"a\": 1e2}","value":{"a":1e2}}>)");
  CHECK(rendered("%J", message) == R"({"tst":"1970-01-01T00:00:00.000000Z","topic":"t","qos":0,)"
                                   R"("retain":false,"payloadlen":10,"payload":{"a":1e2}})");
}

TEST_CASE("on a terminal a format lets through its own control characters and no others") {
  Message message = bare();
  message.topic = "t\x1b[2J";
  message.payload = "\x1b]52;c;x\a\nline\t\xff";
  message.properties.content_type = "\xc2\x9b";
  message.properties.response_topic = "\xe2\x80\xae";
  message.properties.correlation_data = "\x1b";
  message.properties.user = {{"\x1b", "\x07"}};
  CHECK(rendered("\\e[1m%t\\e[0m", message, true) == "\x1b[1mt\\x1b[2J\x1b[0m");
  CHECK(rendered("%p", message, true) == "\\x1b]52;c;x\\x07\nline\t\\xff");
  CHECK(rendered("%C%R%D%P", message, true) == "\\u009b\\u202e\\x1b\\x1b:\\x07");
  CHECK(rendered("%j%J", message, true).find('\x1b') == std::string::npos);
  CHECK(rendered("%t %p", message) == message.topic + " " + message.payload);
}

TEST_CASE("a format that cannot be understood is refused with the position") {
  struct BadRow {
    std::string_view format;
    std::string_view said;
  };
  const std::vector<BadRow> rows = {
      {"%", "unfinished `%` at position 1"},
      {"ab%", "unfinished `%` at position 3"},
      {"%-", "unfinished `%-` at position 1"},
      {"%05", "unfinished `%05` at position 1"},
      {"%5.", "unfinished `%5.` at position 1"},
      {"%5.3", "unfinished `%5.3` at position 1"},
      {"%.2:", "unfinished `%.2:` at position 1"},
      {"@", "unfinished `@` at position 1"},
      {"\\", "unfinished `\\` at position 1"},
      {"%t %z", "unknown `%z` at position 4"},
      {"%+5t", "unknown `%+` at position 1"},
      {"% t", "unknown `% ` at position 1"},
      {"%@", "unknown `%@` at position 1"},
      {"%:x", "unknown `%:` at position 1"},
      {"%.2:t", "unknown `%.2:t` at position 1"},
      {"%\xc3\xa9", "unknown `%\xc3\xa9` at position 1"},
      {"%\x1b", "unknown `%\\x1b` at position 1"},
      {"@q", "unknown `@q` at position 1"},
      {"@E", "unknown `@E` at position 1"},
      {"x\\q", "unknown `\\q` at position 2"},
      {"%99999999999999999999t", "too wide `%999999` at position 1"},
      {"%.99999999999999999999t", "too wide `%.999999` at position 1"},
  };
  for (const BadRow& row : rows) {
    CAPTURE(row.format);
    CHECK_THROWS_WITH(Template{row.format}, mqtt_tools::support::Contains(std::string{row.said}));
    CHECK_THROWS_AS(Template{row.format}, UsageError);
  }
}
