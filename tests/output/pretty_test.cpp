// SPDX-License-Identifier: MIT
#include "output/printer.hpp"

#include "message.hpp"
#include "output/pretty.hpp"
#include "wall_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "catch.hpp"

using mqtt_tools::Message;
using mqtt_tools::Qos;
using mqtt_tools::output::make_printer;
using mqtt_tools::output::Printer;
using mqtt_tools::output::PrinterOptions;
using mqtt_tools::payload::decode;
using mqtt_tools::payload::DecodeAs;
using namespace std::string_literals;
using mqtt_tools::output::age;
using mqtt_tools::output::append_hexdump;

namespace {

Message message(std::string topic, std::string payload) {
  Message made;
  made.topic = std::move(topic);
  made.payload = std::move(payload);
  made.qos = Qos::at_least_once;
  made.time = utc(1'795'457'703);  // 2026-11-23T18:15:03Z
  return made;
}

/// A terminal of 60 columns without colours, in a place where it is UTC.
class Screen {
 public:
  explicit Screen(bool colour = false) {
    PrinterOptions options;
    options.form = PrinterOptions::Form::pretty;
    options.colour = colour;
    options.terminal = true;
    options.width = 60;
    printer_ = make_printer(options);
  }

  void show(const Message& shown, DecodeAs as = DecodeAs::automatic) {
    REQUIRE(printer_->print(decode(shown, as), text_));
  }
  const std::string& text() const { return text_; }

 private:
  TimeZone zone_{"UTC0"};
  std::unique_ptr<Printer> printer_{};
  std::string text_{};
};

std::string shown(const Message& one, DecodeAs as = DecodeAs::automatic) {
  Screen screen;
  screen.show(one, as);
  return screen.text();
}

std::string shown(std::string payload) { return shown(message("test", std::move(payload))); }

}  // namespace

TEST_CASE("our own message is one line with its text and when it was sent") {
  CHECK(shown(R"({"msg":"hello","data":"2026-11-23 18-15-02"})") ==
        "18:15:03  test  hello   sent 2026-11-23 18-15-02\n");
}

TEST_CASE("a time of sending that the header says already is not repeated") {
  for (const char* data :
       {"2026-11-23 18-15-03", "2026-11-23T18:15:03.999Z", "2026-11-23T18:15:02.001Z",
        "2026-11-23T13:15:03-05:00", "1795457703", "1795457703250"}) {
    CAPTURE(data);
    const std::string time = std::string{R"(,"data":")"} + data + '"';
    CHECK(shown(R"({"msg":"hello")" + time + "}") == "18:15:03  test  hello\n");
    CHECK(shown(R"({"msg":{"on":true})" + time + "}") == "18:15:03  test  {\"on\": true}\n");
    CHECK(shown(R"({"msg":"hello")" + time + R"(,"a":1,"b":"x"})") ==
          "18:15:03  test  hello   a:=1  b=x\n");
    CHECK(shown(R"({"msg":"one\ntwo")" + time + R"(,"a":1})") ==
          "18:15:03  test  a:=1\n  one\n  two\n");
    CHECK(shown(R"({"msg":"one\ntwo")" + time + "}") == "18:15:03  test\n  one\n  two\n");
  }
  CHECK(shown(R"({"msg":"hello","data":"2026-11-23T18:15:04Z"})") ==
        "18:15:03  test  hello   sent 2026-11-23T18:15:04Z\n");
  CHECK(shown(R"({"msg":"hello","data":"1795457702"})") ==
        "18:15:03  test  hello   sent 1795457702\n");
}

TEST_CASE("a message that took its time is told its age, rounded, if its time has a zone") {
  CHECK(shown(R"({"msg":"hello","data":"2026-11-23T18:12:00Z"})") ==
        "18:15:03  test  hello   sent 2026-11-23T18:12:00Z (3 min ago)\n");
  CHECK(shown(R"({"msg":"hello","data":"2026-11-23T18:15:00.250Z"})") ==
        "18:15:03  test  hello   sent 2026-11-23T18:15:00.250Z (3 s ago)\n");
  CHECK(shown(R"({"msg":"hello","data":"1795486502"})") ==
        "18:15:03  test  hello   sent 1795486502 (8 h ahead)\n");
  CHECK(shown(R"({"msg":"hello","data":"noon"})") == "18:15:03  test  hello   sent noon\n");
}

TEST_CASE("a sender in another zone is neither late nor early") {
  const TimeZone berlin{"CET-1CEST,M3.5.0,M10.5.0/3"};
  PrinterOptions options;
  options.form = PrinterOptions::Form::pretty;
  std::string out;
  // Noon in New York is six in the evening in Berlin.
  Message sent = message("t", R"({"msg":"hello","data":"2026-11-23 12-00-00"})");
  sent.time = utc(1'795'453'200);
  make_printer(options)->print(decode(sent), out);
  CHECK_THAT(out, Catch::Matchers::EndsWith("t  hello   sent 2026-11-23 12-00-00\n"));
}

TEST_CASE("the hour that a clock has twice is recognised both times") {
  const TimeZone berlin{"CET-1CEST,M3.5.0,M10.5.0/3"};
  PrinterOptions options;
  options.form = PrinterOptions::Form::pretty;
  for (const std::int64_t received :
       {1'792'888'200, 1'792'891'800}) {  // 2026-10-25, 00:30Z, 01:30Z
    std::string out;
    Message sent = message("t", R"({"msg":"hello","data":"2026-10-25 02-30-00"})");
    sent.time = utc(received);
    make_printer(options)->print(decode(sent), out);
    CHECK(out == "02:30:00  t  hello\n");
  }
}

TEST_CASE("a date at or beyond the end of all clocks has no age and does no harm") {
  for (const char* data :
       {"2262-04-11 23-47-14", "2262-04-11 23-47-16", "9999-12-31 23-59-59", "0000-01-01 00-00-00",
        "1677-09-21 00-12-43", "9628342374", "9999999999", "9999999999999", "99999999999999999999",
        "-62135596800", "12345678", "9999-12-31T23:59:60-23:59", "2262-04-11T23:47:17Z"}) {
    CAPTURE(data);
    CHECK(shown(std::string{R"({"msg":"x","data":")"} + data + "\"}") ==
          std::string{"18:15:03  test  x   sent "} + data + "\n");
  }
}

TEST_CASE("further fields of our message follow as they are given on the command line") {
  CHECK(
      shown(R"({"msg":"hi","data":"2026-11-23 18-15-02","room":"kit\tchen","n":1e2,"l":[1,2]})") ==
      "18:15:03  test  hi   sent 2026-11-23 18-15-02  room=kit\\x09chen  n:=1e2  l:=[1, 2]\n");
}

TEST_CASE("our message with several lines has them below") {
  CHECK(shown(R"({"msg":"one\ntwo\u001b","data":"2026-11-23 18-15-02"})") ==
        "18:15:03  test  sent 2026-11-23 18-15-02\n"
        "  one\n"
        "  two\\x1b\n");
}

TEST_CASE("our message may hold a JSON value") {
  CHECK(shown(R"({"msg":{"on":true},"data":"2026-11-23 18-15-02"})") ==
        "18:15:03  test  {\"on\": true}   sent 2026-11-23 18-15-02\n");
}

TEST_CASE("an object that only resembles our message is JSON") {
  CHECK(shown(R"({"data":"x","msg":"y"})") ==
        "18:15:03  test  {\"data\": \"x\", \"msg\": \"y\"}\n");
  CHECK(shown(R"({"msg":"y","data":1})") == "18:15:03  test  {\"msg\": \"y\", \"data\": 1}\n");
  CHECK(shown(R"({"msg":"y","at":1})") == "18:15:03  test  {\"msg\": \"y\", \"at\": 1}\n");
  CHECK(shown(R"({"msg":1})") == "18:15:03  test  {\"msg\": 1}\n");
  CHECK(shown(R"({"msg":"y","command":"c","a":1})") ==
        "18:15:03  test  {\"msg\": \"y\", \"command\": \"c\", \"a\": 1}\n");
  CHECK(shown("{}") == "18:15:03  test  {}\n");
}

TEST_CASE("the wills of presence and of a command, which have no time, are shown as envelopes") {
  CHECK(shown(R"({"msg":"offline"})") == "18:15:03  test  offline\n");
  CHECK(shown(R"({"msg":"lost","command":"tar"})") == "18:15:03  test  lost   command=tar\n");
}

TEST_CASE("JSON that fits stands on the line of the header, numbers as written") {
  CHECK(shown("21.50") == "18:15:03  test  21.50\n");
  CHECK(shown("\"text\"") == "18:15:03  test  \"text\"\n");
  CHECK(shown("{ \"t\" : 1e2,\n\"u\":[1,12345678901234567890]}") ==
        "18:15:03  test  {\"t\": 1e2, \"u\": [1, 12345678901234567890]}\n");
}

TEST_CASE("JSON that does not fit stands below the header, indented") {
  CHECK(shown(R"({"temperature":21.50,"humidity":{},"list":[],"nested":{"a":[1,{"b":null}]}})") ==
        "18:15:03  test\n"
        "  {\n"
        "    \"temperature\": 21.50,\n"
        "    \"humidity\": {},\n"
        "    \"list\": [],\n"
        "    \"nested\": {\n"
        "      \"a\": [\n"
        "        1,\n"
        "        {\n"
        "          \"b\": null\n"
        "        }\n"
        "      ]\n"
        "    }\n"
        "  }\n");
}

TEST_CASE("JSON fits up to the last column and no further") {
  const std::string fits = "\"" + std::string(60 - 16 - 2, 'x') + "\"";  // 16 columns of header
  CHECK(shown(fits) == "18:15:03  test  " + fits + "\n");
  const std::string not_quite = "\"" + std::string(60 - 16 - 1, 'x') + "\"";
  CHECK(shown(not_quite) == "18:15:03  test\n  " + not_quite + "\n");
}

TEST_CASE("huge JSON does not grow a hundredfold by its indentation") {
  std::string huge(99, '[');
  for (int i = 0; i < 200'000; ++i) {
    huge += "1,";
  }
  huge += "1" + std::string(99, ']');
  CHECK(shown(huge).size() < 3 * huge.size());
}

TEST_CASE("text is shown as it is") {
  CHECK(shown("hello world") == "18:15:03  test  hello world\n");
  CHECK(shown("hello world\n") == "18:15:03  test  hello world\n");
  CHECK(shown("21,5 °C\tok") == "18:15:03  test  21,5 °C\tok\n");
}

TEST_CASE("text of several lines stands below the header and cannot pass for one") {
  CHECK(shown("one\n18:15:04  door  open\n") ==
        "18:15:03  test\n"
        "  one\n"
        "  18:15:04  door  open\n");
}

TEST_CASE("an empty payload is told") { CHECK(shown("") == "18:15:03  test  (empty)\n"); }

TEST_CASE("binary is a hexdump below the header") {
  CHECK(shown("\x00\xff\x1b[2J"s) ==
        "18:15:03  test\n"
        "  00000000  00 ff 1b 5b 32 4a        |...[2J|\n");
}

TEST_CASE("what was decoded is shown decoded") {
  const Message bytes = message("test", "\xa1\x61\x61\x01");  // {"a": 1}
  CHECK(shown(bytes, DecodeAs::cbor) == "18:15:03  test  [CBOR]  {\"a\": 1}\n");
  CHECK(shown(bytes, DecodeAs::hex) == "18:15:03  test  a1616101\n");
  CHECK(shown(bytes, DecodeAs::base64) == "18:15:03  test  oWFhAQ==\n");
}

TEST_CASE("the header names what is unusual") {
  Message unusual = message("test", "hi");
  unusual.qos = Qos::exactly_once;
  unusual.retained = true;
  unusual.duplicate = true;
  CHECK(shown(unusual) == "18:15:03  test  [qos 2, retained, duplicate]  hi\n");

  Message rich = message("test", "hi");
  rich.properties.content_type = "text/plain";
  rich.properties.expiry = 60;
  rich.properties.response_topic = "reply/here";
  rich.properties.correlation_data = "\x01\xff";
  rich.properties.user = {{"k", "v\x1b"}, {"k", "w"}};
  CHECK(shown(rich) ==
        "18:15:03  test  [content-type text/plain, expires in 60 s, response-topic reply/here, "
        "correlation-data 01ff, k=v\\x1b, k=w]  hi\n");

  Message large = message("test", std::string(1536, 'x'));
  large.qos = Qos::at_most_once;
  CHECK(shown(large) == "18:15:03  test  [qos 0, 1.5 KiB]  " + large.payload + "\n");
}

TEST_CASE("a long property is cut between characters") {
  Message rich = message("test", "hi");
  rich.properties.user = {{"k", std::string(119, 'x') + "é" + std::string(60'000, 'y')}};
  CHECK(shown(rich) == "18:15:03  test  [k=" + std::string(119, 'x') + "é...]  hi\n");
}

TEST_CASE("payloads stand in line behind topics of different width") {
  Screen screen;
  screen.show(message("a/long/topic", "1"));
  screen.show(message("t", "2"));
  screen.show(message("厨房/温度", "3"));
  screen.show(message("caf\x65\xcc\x81", "4"));
  screen.show(message("a/topic/wider/than/a/third/of/it", "5"));
  screen.show(message("t", "6"));
  CHECK(screen.text() ==
        "18:15:03  a/long/topic  1\n"
        "18:15:03  t             2\n"
        "18:15:03  厨房/温度     3\n"
        "18:15:03  caf\x65\xcc\x81          4\n"
        "18:15:03  a/topic/wider/than/a/third/of/it  5\n"
        "18:15:03  t             6\n");
}

TEST_CASE("nothing that others wrote acts on the terminal") {
  CHECK(shown(message("t\x1b]0;x\a",
                      "\xe2\x80\xae"
                      "abc\r")) == "18:15:03  t\\x1b]0;x\\x07  \\u202eabc\\x0d\n");
  CHECK(shown("{\"a\x7f\":\"\xc2\x9b\"}") == "18:15:03  test  {\"a\\u007f\": \"\\u009b\"}\n");
}

TEST_CASE("with colour each token has its own and text has none") {
  Screen screen{true};
  screen.show(message("t", R"({"a":[1,"x",null]})"));
  screen.show(message("t", "text"));
  CHECK(screen.text() ==
        "\x1b[2m18:15:03\x1b[0m  \x1b[1;38;5;30mt\x1b[0m  "
        "{\x1b[38;5;30m\"a\"\x1b[0m: [\x1b[38;5;129m1\x1b[0m, \x1b[38;5;28m\"x\"\x1b[0m, "
        "\x1b[38;5;130mnull\x1b[0m]}\n"
        "\x1b[2m18:15:03\x1b[0m  \x1b[1;38;5;30mt\x1b[0m  text\n");
}

TEST_CASE("colour does not change what fits on a line") {
  const std::string fits = "\"" + std::string(60 - 16 - 2, 'x') + "\"";
  Screen screen{true};
  screen.show(message("test", fits));
  CHECK(screen.text().find('\n') == screen.text().size() - 1);
}

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

namespace {

std::string hexdump(std::string_view bytes, std::string_view margin = "", std::size_t width = 80) {
  std::string out;
  append_hexdump(out, bytes, margin, width);
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

TEST_CASE("a hexdump has as many bytes a line as fit") {
  const auto widest = [](std::size_t width) {
    const std::string text = hexdump(std::string(100, 'x'), "  ", width);
    return text.find('\n');
  };
  struct Row {
    std::size_t width;
    std::size_t line;
  };
  // Of 4, 8, 16 and 32 bytes.
  for (const auto& [width, line] : {Row{200, 146}, Row{146, 146}, Row{145, 80}, Row{80, 80},
                                    Row{79, 47}, Row{47, 47}, Row{46, 31}, Row{1, 31}}) {
    CAPTURE(width);
    CHECK(widest(width) == line);
  }
  CHECK(hexdump("0123456789", "", 144) ==
        "00000000  30 31 32 33 34 35 36 37  38 39" + std::string(68, ' ') + "  |0123456789|");
  CHECK(hexdump("01234", "", 40) ==
        "00000000  30 31 32 33  |0123|\n"
        "00000004  34           |4|");
}

TEST_CASE("what fits is asked for anew with each message, as terminals are resized") {
  const TimeZone zone{"UTC0"};
  int width = 80;
  PrinterOptions options;
  options.form = PrinterOptions::Form::pretty;
  options.columns = [&width] { return width; };
  const auto printer = make_printer(options);
  const auto print = [&](const Message& one) {
    std::string out;
    printer->print(decode(one), out);
    return out;
  };
  const Message json = message("test", R"({"name":"living room","on":true})");
  CHECK(print(json) == "18:15:03  test  {\"name\": \"living room\", \"on\": true}\n");
  CHECK(print(message("a/topic/of/22/columns/", "x")) == "18:15:03  a/topic/of/22/columns/  x\n");
  width = 40;
  CHECK(print(json) ==
        "18:15:03  test\n  {\n    \"name\": \"living room\",\n    \"on\": true\n  }\n");
  CHECK(print(message("t", "x")) == "18:15:03  t                 x\n");
  width = 0;
  CHECK(print(message("t", "x")) == "18:15:03  t                 x\n");
}

TEST_CASE("times are as exact as one asks for") {
  const TimeZone zone{"UTC0"};
  Message one = message("t", "x");
  one.time = utc(1'795'457'703, 4'056'789);
  for (const auto& [decimals, time] :
       {std::pair{0, "18:15:03"}, std::pair{3, "18:15:03.004"}, std::pair{6, "18:15:03.004056"}}) {
    PrinterOptions options;
    options.form = PrinterOptions::Form::pretty;
    options.decimals = decimals;
    std::string out;
    make_printer(options)->print(decode(one), out);
    CHECK(out == std::string{time} + "  t  x\n");
  }
}
