// SPDX-License-Identifier: MIT
//
// -F beside mosquitto_sub's, on the same messages.

#include "catch.hpp"
#include "support/programs.hpp"

#include <algorithm>
#include <regex>

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

const auto* const theirs = "/usr/bin/mosquitto_sub";

/// Without %j and %J (they are our record) and times. What mosquitto_sub 2.0.11 lacks or gets wrong
/// is in the tables below.
const std::vector<std::string> formats{
    "",
    "plain text",
    "%t",
    "%p",
    "%t %p",
    "%%",
    "100%%",
    "@@",
    "a@@b",
    R"(\\)",
    R"(a\0b)",
    R"(\a\e\n\r\t\v)",
    R"(\e[1m%t\e[0m)",
    "%q",
    "%r",
    "%l",
    "%m",
    "%A",
    "%C",
    "%D",
    "%E",
    "%F",
    "%P",
    "%R",
    "%S",
    "%x",
    "%X",
    "%q%r%l%m",
    "[%A|%C|%D|%E|%F|%P|%R|%S]",
    "[%30t]",
    "[%-30t]",
    "[%5t]",
    "[%.7t]",
    "[%10.7t]",
    "[%-10.7t]",
    "[%.0t]",
    "[%.t]",
    "[%5.0t]",
    "[%030t]",
    "[%15C]",
    "[%-15C]",
    "[%.4C]",
    "[%015C]",
    "[%12.4R]",
    "[%-12R]",
    "[%5l]",
    "[%-5l]",
    "[%05l]",
    "[%-05l]",
    "[%.3l]",
    "[%12E]",
    "[%012E]",
    "[%-12E]",
    "[%03m]",
    "[%3m]",
    "[%-3F]",
    "[%03F]",
    "[%5A]",
    "[%05A]",
    "[%4S]",
    "[%04S]",
    "[%5q]",
    "[%-5r]",
    "[%20P]",
    "[%9D]",
    "[%10p]",
    "[%-10p]",
    "[%010p]",
    "[%4p]",
    "[%-4p]",
    "[%.2p]",
    "{%t: \"%p\"}",
    "é%té",
};

/// Formats from `first` on, at most `count`, as one.
std::string joined(std::size_t first, std::size_t count) {
  std::string all;
  for (std::size_t i = first; i < std::min(first + count, formats.size()); ++i) {
    all += formats[i] + R"(\n--\n)";
  }
  return all;
}

std::string all_formats() { return joined(0, formats.size()); }

/// One that says all there is to say, one that says nothing, bytes, and text that is not ASCII.
void publish(const Broker& broker, const std::string& qos,
             std::initializer_list<std::string> kept) {
  const auto send = [&](const std::string& topic, const std::string& payload,
                        std::initializer_list<std::string> words = {}) {
    auto command =
        broker.command("/usr/bin/mosquitto_pub", {"-V", "5", "-t", topic, "-q", qos, "-s"});
    check_exit(run(command.add(words).add(kept), payload), 0);
  };
  send("f/full/topic", "21.5 C", {"-D", "publish", "content-type", "text/plain"});
  send("f/rich", R"({"a": [1, 2]})",
       {"-D",
        "publish",
        "payload-format-indicator",
        "1",  //
        "-D",
        "publish",
        "content-type",
        "application/json",  //
        "-D",
        "publish",
        "response-topic",
        "reply/here",  //
        "-D",
        "publish",
        "correlation-data",
        "c1",  //
        "-D",
        "publish",
        "user-property",
        "a",
        "1",  //
        "-D",
        "publish",
        "user-property",
        "b",
        "two words",  //
        "-D",
        "publish",
        "user-property",
        "a",
        "3"});
  send("f/none", "x");
  send("f/bytes", "a\0b\xff\x80\r\nz"s);
  send("f/ünï", "MQTT信息发布!");
}

constexpr int messages = 5;

Command subscriber(const Broker& broker, const std::string& program, const std::string& format) {
  return broker.command(program, {"-V", "5", "-q", "2", "-t", "f/#", "-F", format})
      .add({"-D", "subscribe", "subscription-identifier", "42", "-C", std::to_string(messages)});
}

}  // namespace

TEST_CASE("a format gives for retained messages what mosquitto_sub gives, byte for byte") {
  REQUIRE(formats.size() >= 60);
  Broker broker;
  publish(broker, "1", {"-r"});
  constexpr std::size_t at_once = 8;
  for (std::size_t first = 0; first < formats.size(); first += at_once) {
    const auto format = joined(first, at_once);
    CAPTURE(format);
    Process other{subscriber(broker, theirs, format)};
    const auto ours = run(subscriber(broker, "mqtt-sub", format));
    const auto expected = other.wait();
    check_exit(expected, 0);
    check_exit(ours, 0);
    CHECK(ours.out == expected.out);
  }
}

TEST_CASE("a format gives for live messages what mosquitto_sub gives, byte for byte") {
  Broker broker;
  Process other{subscriber(broker, theirs, all_formats())};
  Process ours{subscriber(broker, "mqtt-sub", all_formats())};
  REQUIRE(broker.wait_for_subscription("f/#", 2));
  publish(broker, "2", {});
  const auto expected = other.wait();
  check_exit(expected, 0);
  CHECK(ours.wait().out == expected.out);
}

TEST_CASE("a format without MQTT 5 gives what mosquitto_sub gives, byte for byte") {
  Broker broker;
  publish(broker, "0", {"-r"});
  const auto shown = [&](const std::string& program) {
    return run(
        broker.command(program, {"-V", "311", "-t", "f/#", "-C", "5", "-F", all_formats(), "-N"}));
  };
  const auto expected = shown(theirs);
  check_exit(expected, 0);
  CHECK(shown("mqtt-sub").out == expected.out);
}

// mosquitto_sub 2.0.11 does not know these; what they give is from the manual of 2.1.
TEST_CASE("specifiers that only newer versions of mosquitto_sub have give what its manual says") {
  struct Row {
    std::string format;
    std::string payload;
    std::string expected;
  };
  const std::vector<Row> rows{
      {"%.2x", "\x01\xab\xff", "01 ab ff"},
      {"%.2:x", "\x01\xab\xff", "01:ab:ff"},
      {"%.4-X", "\x01\xab\xff", "01AB-FF"},
      {"%f", "\0\0\xac\xc1"s, "-21.500000"},
      {"%.1f", "\0\0\xac\xc1"s, "-21.5"},
      {"[%8.1f]", "\0\0\xac\xc1"s, "[   -21.5]"},
      {"%d", "\0\0\0\0\0\0\xf8\x3f"s, "1.500000"},
      {"%.2d", "\0\0\0\0\0\0\xf8\x3f"s, "1.50"},
      {"[%d]", "short", "[]"},
  };
  Broker broker;
  for (const auto& [format, payload, expected] : rows) {
    CAPTURE(format);
    check_exit(run(broker.pub({"m", "--raw", "-r", "-s"}), payload), 0);
    CHECK(run(broker.sub({"m", "-C", "1", "-F", format})).out == expected + "\n");
  }
}

TEST_CASE("times in a format have the shape that mosquitto_sub gives them") {
  Broker broker;
  check_exit(run(broker.pub({"m", "x", "-r"})), 0);
  const std::string format = "%I|%U|@Y-@m-@d @H:@M:@S|@N|@s|@z|@j|@F @T";
  const std::regex shape{
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0530\|\d{10}\.\d{9}\|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\|)"
      R"(\d{9}\|\d{10}\|\+0530\|\d{3}\|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n)"};
  const auto shown = [&](const std::string& program) {
    return run(broker.command(program, {"-t", "m", "-C", "1", "-F", format})
                   .environment("TZ", "XYZ-05:30"))
        .out;
  };
  CHECK(std::regex_match(shown(theirs), shape));
  CHECK(std::regex_match(shown("mqtt-sub"), shape));
}

TEST_CASE("a record in a format is the one of the json form") {
  Broker broker;
  check_exit(run(broker.pub({"m", "--raw", R"({"a": 1.0})", "-r"})), 0);
  const auto shown = [&](std::initializer_list<std::string> words) {
    const auto out = run(broker.sub({"m", "-C", "1"}).add(words)).out;
    return out.substr(std::min(out.find("\"topic\""), out.size()));
  };
  CHECK(shown({"-F", "%j"}) == shown({"-o", "json"}));
  CHECK(shown({"-F", "%J"}) == R"("topic":"m","qos":1,"retain":true,"payloadlen":10,"mid":1,)"
                               R"("payload":{"a":1.0}})"
                               "\n");
}

TEST_CASE("selected values come as csv, with a header also when nothing else comes") {
  Broker broker;
  const auto empty = run(broker.sub({"t", "-E", "-o", "csv", "--select", "/a"}));
  check_exit(empty, 2);  // -E leaves before any message
  const auto header =
      run(broker.sub({"t", "--duration", "0.05", "-o", "csv", "--select", "/a", "--select", "/b"}));
  check_exit(header, 0);
  CHECK(header.out == "time,topic,/a,/b\r\n");
  const auto both = run(broker.sub({"t", "-C", "1", "-o", "csv", "--select", "/a", "--select", "/b",
                                    "--on-ready", R"(mqtt-pub --raw t '{"b":1.50}')"}));
  check_exit(both, 0);
  CHECK(both.out.substr(both.out.find('\n') + 1).substr(27) == ",t,,1.50\r\n");
  check_exit(run(broker.sub({"t", "-o", "csv"})), 2);
  check_exit(run(broker.pub({"t", "hi", "--request", "-o", "csv", "--select", "/a"})), 2);
}
