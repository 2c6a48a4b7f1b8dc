// SPDX-License-Identifier: MIT
#include "connection/property.hpp"

#include "error.hpp"

#include "catch.hpp"

#include <map>
#include <set>

using namespace mqtt_tools::connection;
using mqtt_tools::Properties;
using mqtt_tools::UsageError;

namespace {

using Names = std::set<std::string>;

std::string refusal(Command command, const std::string& name, std::vector<std::string> values) {
  try {
    read_property(command, name, values);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "not refused";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Property read(Command command, const std::string& name, const std::string& value) {
  return read_property(command, name, {value});
}

}  // namespace

TEST_CASE("each command takes the properties that mosquitto knows for it") {
  const std::map<std::string, std::string> values{
      {"authentication-data", "x"},
      {"authentication-method", "x"},
      {"content-type", "x"},
      {"correlation-data", "x"},
      {"maximum-packet-size", "1"},
      {"message-expiry-interval", "1"},
      {"payload-format-indicator", "1"},
      {"reason-string", "x"},
      {"receive-maximum", "1"},
      {"request-problem-information", "1"},
      {"request-response-information", "1"},
      {"response-topic", "x"},
      {"session-expiry-interval", "1"},
      {"subscription-identifier", "1"},
      {"topic-alias", "1"},
      {"topic-alias-maximum", "1"},
      {"user-property", "x"},
      {"will-delay-interval", "1"},
  };
  const Names message{
      "content-type",   "correlation-data", "message-expiry-interval", "payload-format-indicator",
      "response-topic", "user-property"};
  auto publish = message;
  publish.insert("topic-alias");
  auto will = message;
  will.insert("will-delay-interval");
  const std::vector<std::pair<Command, Names>> rights{
      {Command::connect,
       {"authentication-data", "authentication-method", "maximum-packet-size", "receive-maximum",
        "request-problem-information", "request-response-information", "session-expiry-interval",
        "topic-alias-maximum", "user-property"}},
      {Command::publish, publish},
      {Command::subscribe, {"subscription-identifier", "user-property"}},
      {Command::unsubscribe, {"user-property"}},
      {Command::disconnect, {"reason-string", "session-expiry-interval", "user-property"}},
      {Command::will, will},
  };
  for (const auto& [command, names] : rights) {
    for (const auto& [name, value] : values) {
      INFO(static_cast<int>(command) << " " << name);
      std::vector<std::string> words{value};
      if (name == "user-property") words.emplace_back("y");
      const bool refused = refusal(command, name, words) != "not refused";
      CHECK(refused == (names.count(name) == 0));
    }
  }
}

TEST_CASE("a property has the identifier and the type that the specification gives it") {
  CHECK(read(Command::publish, "payload-format-indicator", "1") == Property{1, 1U});
  CHECK(read(Command::publish, "message-expiry-interval", "60") == Property{2, 60U});
  CHECK(read(Command::publish, "content-type", "a/b") == Property{3, "a/b"});
  CHECK(read(Command::publish, "response-topic", "r") == Property{8, "r"});
  CHECK(read(Command::will, "correlation-data", "\xff\x01") == Property{9, "\xff\x01"});
  CHECK(read(Command::subscribe, "subscription-identifier", "7") == Property{11, 7U});
  CHECK(read(Command::disconnect, "session-expiry-interval", "0") == Property{17, 0U});
  CHECK(read(Command::connect, "authentication-method", "m") == Property{21, "m"});
  CHECK(read(Command::connect, "authentication-data", "d") == Property{22, "d"});
  CHECK(read(Command::connect, "request-problem-information", "0") == Property{23, 0U});
  CHECK(read(Command::will, "will-delay-interval", "5") == Property{24, 5U});
  CHECK(read(Command::connect, "request-response-information", "1") == Property{25, 1U});
  CHECK(read(Command::disconnect, "reason-string", "bye") == Property{31, "bye"});
  CHECK(read(Command::connect, "receive-maximum", "20") == Property{33, 20U});
  CHECK(read(Command::connect, "topic-alias-maximum", "0") == Property{34, 0U});
  CHECK(read(Command::publish, "topic-alias", "3") == Property{35, 3U});
  CHECK(read(Command::connect, "maximum-packet-size", "100") == Property{39, 100U});
  CHECK(read_property(Command::unsubscribe, "user-property", {"k", ""}) ==
        Property{38, std::pair<std::string, std::string>{"k", ""}});
}

TEST_CASE("numbers stay within what MQTT and the library can carry") {
  struct Case {
    Command command;
    std::string name;
    std::vector<std::string> good;
    std::vector<std::string> bad;
  };
  const std::vector<Case> cases{
      {Command::publish, "payload-format-indicator", {"0", "1"}, {"2", "-1", ""}},
      {Command::connect, "request-problem-information", {"0", "1"}, {"2"}},
      {Command::connect, "receive-maximum", {"1", "65535"}, {"0", "65536"}},
      {Command::connect, "topic-alias-maximum", {"0", "65535"}, {"65536"}},
      {Command::publish, "topic-alias", {"1", "65535"}, {"0", "65536"}},
      {Command::connect, "maximum-packet-size", {"1", "2147483647"}, {"0", "2147483648"}},
      {Command::connect, "session-expiry-interval", {"0", "2147483647"}, {"4294967295"}},
      {Command::publish, "message-expiry-interval", {"0"}, {"1.5", "0x1", " 1", "1 ", "+1", "x"}},
      {Command::subscribe, "subscription-identifier", {"1", "268435455"}, {"0", "268435456"}},
      {Command::will, "will-delay-interval", {"2147483647"}, {"2147483648", "99999999999999"}},
  };
  for (const auto& each : cases) {
    for (const auto& value : each.good) {
      INFO(each.name << " " << value);
      CHECK(read(each.command, each.name, value).value ==
            decltype(Property::value){static_cast<std::uint32_t>(std::stoul(value))});
    }
    for (const auto& value : each.bad) {
      INFO(each.name << " " << value);
      CHECK_THROWS_AS(read(each.command, each.name, value), UsageError);
    }
  }
}

TEST_CASE("text that brokers close the connection for is refused as a property") {
  for (const auto& text :
       {std::string{"\xff"}, std::string{"a\0b", 3}, std::string{"\x01"}, std::string{"\n"},
        std::string{"\xC2\x85"}, std::string{"\xEF\xBF\xBE"}, std::string(65536, 'x')}) {
    CHECK_THROWS_AS(read(Command::publish, "content-type", text), UsageError);
    CHECK_THROWS_AS(read_property(Command::publish, "user-property", {"k", text}), UsageError);
    CHECK_THROWS_AS(read_property(Command::publish, "user-property", {text, "v"}), UsageError);
  }
  CHECK_NOTHROW(read(Command::publish, "content-type", std::string(65535, 'x')));
  CHECK_NOTHROW(read(Command::publish, "content-type", "ä€😀"));
  CHECK_THROWS_AS(read(Command::publish, "correlation-data", std::string(65536, 'x')), UsageError);
}

TEST_CASE("a response topic is a topic without wildcards") {
  for (const std::string topic : {"", "a/#", "+"}) {
    CHECK_THROWS_AS(read(Command::publish, "response-topic", topic), UsageError);
  }
}

TEST_CASE("a property that the command does not have is answered with those it has") {
  const auto told = refusal(Command::disconnect, "content-type", {"x"});
  CHECK(contains(told, "'content-type'"));
  CHECK(contains(told, "reason-string, "));
  CHECK(contains(told, "session-expiry-interval"));
  CHECK_FALSE(contains(told, "receive-maximum"));
}

TEST_CASE("a user property takes two values and every other one") {
  CHECK(property_values("user-property") == 2);
  CHECK(property_values("content-type") == 1);
  CHECK(property_values("no-such-thing") == 1);
  CHECK_THROWS_AS(read_property(Command::publish, "user-property", {"k"}), UsageError);
  CHECK_THROWS_AS(read_property(Command::publish, "content-type", {"a", "b"}), UsageError);
  CHECK_THROWS_AS(read_property(Command::publish, "content-type", {}), UsageError);
}

TEST_CASE("a command word is one of six") {
  CHECK(read_command("connect") == Command::connect);
  CHECK(read_command("publish") == Command::publish);
  CHECK(read_command("subscribe") == Command::subscribe);
  CHECK(read_command("unsubscribe") == Command::unsubscribe);
  CHECK(read_command("disconnect") == Command::disconnect);
  CHECK(read_command("will") == Command::will);
  CHECK(read_command("Publish") == Command::publish);
  CHECK_THROWS_AS(read_command(""), UsageError);
}

TEST_CASE("publish properties end up in the message") {
  Properties properties;
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"payload-format-indicator", "1"},
                                                        {"message-expiry-interval", "60"},
                                                        {"content-type", "text/plain"},
                                                        {"response-topic", "r"},
                                                        {"correlation-data", "\xff"},
                                                        {"topic-alias", "4"}}) {
    apply(read(Command::publish, name, value), properties);
  }
  apply(read_property(Command::publish, "user-property", {"k", "1"}), properties);
  apply(read_property(Command::publish, "user-property", {"k", "1"}), properties);

  Properties wanted;
  wanted.payload_format = 1;
  wanted.expiry = 60;
  wanted.content_type = "text/plain";
  wanted.response_topic = "r";
  wanted.correlation_data = "\xff";
  wanted.topic_alias = std::uint16_t{4};
  wanted.user = {{"k", "1"}, {"k", "1"}};
  CHECK(properties == wanted);

  CHECK_THROWS_AS(apply(read(Command::publish, "content-type", "x"), properties), UsageError);
  CHECK_THROWS_AS(apply(read(Command::publish, "topic-alias", "5"), properties), UsageError);
}
