// SPDX-License-Identifier: MIT
#include "output/printer.hpp"

#include "catch.hpp"
#include "error.hpp"
#include "message.hpp"
#include "payload/json.hpp"

#include <algorithm>
#include <optional>
#include <string>

using mqtt_tools::Message;
using mqtt_tools::UsageError;
using mqtt_tools::output::make_printer;
using mqtt_tools::output::PrinterOptions;
using mqtt_tools::payload::decode;
using mqtt_tools::payload::DecodeAs;
using Form = PrinterOptions::Form;
using Delimiter = PrinterOptions::Delimiter;
using namespace std::string_literals;

namespace {

Message message(std::string topic, std::string payload) {
  Message made;
  made.topic = std::move(topic);
  made.payload = std::move(payload);
  return made;
}

/// What is printed; nothing if the message has nothing to show.
std::optional<std::string> printed(const PrinterOptions& options, const Message& shown,
                                   DecodeAs as = DecodeAs::automatic) {
  std::string out;
  if (!make_printer(options)->print(decode(shown, as), out)) {
    CHECK(out.empty());
    return std::nullopt;
  }
  return out;
}

const std::string record =
    R"({"tst":"1970-01-01T00:00:00.000000Z","topic":"t","qos":0,"retain":false,)"
    R"("payloadlen":2,"payload":"hi"})";

}  // namespace

TEST_CASE("raw is the payload and a newline") {
  PrinterOptions options;
  options.form = Form::raw;
  CHECK(printed(options, message("t", "hi")) == "hi\n");
  CHECK(printed(options, message("t", "")) == "\n");
  CHECK(printed(options, message("t", "a\0\xff\x1b\r\nb"s)) == "a\0\xff\x1b\r\nb\n"s);
}

TEST_CASE("every form ends with the delimiter that was asked for") {
  PrinterOptions options;
  const Message hi = message("t", "hi");
  const auto ends = [&](Form form, const std::string& text) {
    options.form = form;
    options.delimiter = Delimiter::newline;
    CHECK(printed(options, hi) == text + "\n");
    options.delimiter = Delimiter::none;
    CHECK(printed(options, hi) == text);
    options.delimiter = Delimiter::null;
    CHECK(printed(options, hi) == text + "\0"s);
  };
  options.format = "%t:%p";
  ends(Form::raw, "hi");
  ends(Form::format, "t:hi");
  ends(Form::json, record);
  options.select = {""};
  const Message number = message("t", "21");
  options.delimiter = Delimiter::null;
  CHECK(printed(options, number) == "21\0"s);
}

TEST_CASE("with the topic asked for raw has it before the payload") {
  PrinterOptions options;
  options.form = Form::raw;
  options.topic = true;
  CHECK(printed(options, message("a/b", "hi there")) == "a/b hi there\n");
  CHECK(printed(options, message("a/b", "")) == "a/b \n");
}

TEST_CASE("raw and the payload in a format are bytes, whatever a content type says") {
  for (const char* type : {"application/cbor", "application/msgpack", "application/json",
                           "text/plain; charset=utf-8", "application/senml+cbor", "", "x"}) {
    // JSON text; {"a": 1} in CBOR and in MessagePack; no text.
    for (const char* bytes : {"{ \"a\" : 1 }", "\xa1\x61\x61\x01", "\x81\xa1\x61\x01", "\xff"}) {
      CAPTURE(type, bytes);
      Message one = message("t", bytes);
      one.properties.content_type = type;
      PrinterOptions options;
      CHECK(printed(options, one) == std::string{bytes} + "\n");
      options.form = Form::format;
      options.format = "%p %10p";
      const std::string padding(10 - std::min<std::size_t>(10, one.payload.size()), ' ');
      CHECK(printed(options, one) ==
            one.payload + ' ' + padding + one.payload.substr(0, 10) + '\n');
    }
  }
  Message cbor = message("t", "\xa1\x61\x61\x01");
  cbor.properties.content_type = "application/cbor";
  PrinterOptions options;
  options.form = Form::format;
  options.format = "%p";
  CHECK(printed(options, cbor, DecodeAs::cbor) == "{\"a\":1}\n");
  CHECK(printed(options, cbor, DecodeAs::hex) == "a1616101\n");
  // What asks for the value still has it.
  options.select = {"/a"};
  CHECK(printed(options, cbor) == "1\n");
}

TEST_CASE("raw shows decoded what was asked to be decoded") {
  PrinterOptions options;
  options.form = Form::raw;
  const Message cbor = message("t", "\xa1\x61\x61\x01");  // {"a": 1}
  CHECK(printed(options, cbor, DecodeAs::cbor) == "{\"a\":1}\n");
  CHECK(printed(options, cbor, DecodeAs::hex) == "a1616101\n");
  CHECK(printed(options, cbor) == "\xa1\x61\x61\x01\n");
}

TEST_CASE("select shows the value alone and skips messages without it") {
  PrinterOptions options;
  options.select = {"/msg"};
  CHECK(printed(options, message("t", R"({"msg":"h\u00e9\nllo"})")) == "h\xc3\xa9\nllo\n");
  CHECK(printed(options, message("t", R"({"msg":1e2})")) == "1e2\n");
  CHECK(printed(options, message("t", R"({"msg":{"a":1.0}})")) == "{\"a\":1.0}\n");
  CHECK(printed(options, message("t", R"({"data":"x"})")) == std::nullopt);
  CHECK(printed(options, message("t", "no JSON")) == std::nullopt);
  CHECK(printed(options, message("t", "")) == std::nullopt);

  options.topic = true;
  CHECK(printed(options, message("a/b", R"({"msg":"hi"})")) == "a/b hi\n");
}

TEST_CASE("a pointer or format that cannot be is refused when the printer is made") {
  PrinterOptions options;
  options.select = {"msg"};
  CHECK_THROWS_AS(make_printer(options), UsageError);
  options.select.clear();
  options.form = Form::format;
  options.format = "%z";
  CHECK_THROWS_AS(make_printer(options), UsageError);
}

TEST_CASE("on a terminal no form lets a control character of payload or topic through") {
  PrinterOptions options;
  options.terminal = true;
  options.topic = true;
  // ESC, BEL, carriage return, DEL, C1 control sequence introducer, right-to-left override
  const std::string untrusted = "\x1b]52;c;eA==\a\r\x7f\xc2\x9b\xe2\x80\xae";
  const std::string shown = "\\x1b]52;c;eA==\\x07\\x0d\\u007f\\u009b\\u202e";

  SECTION("raw") {
    options.form = Form::raw;
    CHECK(printed(options, message("a\nb" + untrusted, "line\n\ttab\xff" + untrusted)) ==
          "a\\x0ab" + shown + " line\n\ttab\\xff" + shown + "\n");
  }
  SECTION("select") {
    options.select = {"/a"};
    CHECK(printed(options, message("t", "{\"a\":\"\\u001b[2J\\u009b\"}")) == "t \\x1b[2J\\u009b\n");
  }
  SECTION("format") {
    options.form = Form::format;
    options.format = "%t %p";
    CHECK(printed(options, message("t" + untrusted, untrusted)) ==
          "t" + shown + " " + shown + "\n");
  }
  SECTION("json and pretty") {
    for (const Form form : {Form::json, Form::pretty}) {
      options.form = form;
      for (const std::string& payload : {untrusted, "{\"a\":\"\x7f\xc2\x9b\xe2\x80\xae\"}"s,
                                         "{\"msg\":\"\\u001b\xc2\x9b\",\"data\":\"\x7f\"}"s,
                                         "a\n" + untrusted, "\xff" + untrusted}) {
        const auto text = printed(options, message("t" + untrusted, payload));
        CAPTURE(*text);
        CHECK(text->find_first_of("\x1b\a\r\x7f"s) == std::string::npos);
        CHECK(text->find("\xc2\x9b") == std::string::npos);
        CHECK(text->find("\xe2\x80\xae") == std::string::npos);
        CHECK((form == Form::pretty || mqtt_tools::payload::is_json(*text)));
      }
    }
  }
}

TEST_CASE("in a pipe json has what was sent") {
  PrinterOptions options;
  options.form = Form::json;
  const auto text = printed(options, message("t", "\xc2\x9b"));
  CHECK(text->find("\"payload\":\"\xc2\x9b\"") != std::string::npos);
}

TEST_CASE("several selected values stand in one line with tabs, absent ones are empty") {
  PrinterOptions options;
  options.form = Form::raw;
  options.select = {"/a", "/b", "/c"};
  CHECK(printed(options, message("t", R"({"b":"x y","c":[1, 2]})")) == "\tx y\t[1,2]\n");
  CHECK_FALSE(printed(options, message("t", R"({"d":1})")));
  CHECK_FALSE(printed(options, message("t", "text")));
}

TEST_CASE("csv has a header and a line of RFC 4180 for each message with a value") {
  PrinterOptions options;
  options.form = Form::csv;
  options.select = {"/a", "/b,c"};
  std::string header;
  make_printer(options)->print_header(header);
  CHECK(header == "time,topic,/a,\"/b,c\"\r\n");
  CHECK(printed(options, message("x,y", R"({"a":"say \"hi\"\n","b,c":2.50})")) ==
        "1970-01-01T00:00:00.000000Z,\"x,y\",\"say \"\"hi\"\"\n\",2.50\r\n");
  CHECK(printed(options, message("t", R"({"a":null})")) ==
        "1970-01-01T00:00:00.000000Z,t,null,\r\n");
  CHECK_FALSE(printed(options, message("t", R"({"x":1})")));
  options.terminal = true;
  CHECK(printed(options, message("t", R"({"a":"\u001b[2J"})")) ==
        "1970-01-01T00:00:00.000000Z,t,\\x1b[2J,\r\n");
}
