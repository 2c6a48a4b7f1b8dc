// SPDX-License-Identifier: MIT
#include "payload/record.hpp"

#include "error.hpp"
#include "payload/json.hpp"

#include <nlohmann/json.hpp>

#include <random>
#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using namespace std::string_literals;
using mqtt_tools::support::Contains;

namespace {

const Timestamp evening = from_rfc3339("2026-11-23T18:15:00.123456Z").value();

Message of(std::string payload) {
  Message message;
  message.topic = "test";
  message.payload = std::move(payload);
  message.time = evening;
  return message;
}

std::string record(const Message& message, RecordForm form = RecordForm::exact,
                   DecodeAs as = DecodeAs::automatic) {
  std::string line;
  append_record(line, decode(message, as), form);
  return line;
}

const std::string start = R"({"tst":"2026-11-23T18:15:00.123456Z","topic":"test","qos":0,)"
                          R"("retain":false,"payloadlen":)";

}  // namespace

TEST_CASE("a record has the keys and the order of the contract") {
  Message message = of(R"({ "msg": "hi", "n": 1.00 })");
  message.qos = Qos::at_least_once;
  message.id = 7;
  message.properties.content_type = "application/json";
  message.properties.user = {{"k", "v"}};
  CHECK(record(message) ==
        R"({"tst":"2026-11-23T18:15:00.123456Z","topic":"test","qos":1,"retain":false,)"
        R"("payloadlen":26,"mid":7,"properties":{"content-type":"application/json",)"
        R"("user-properties":[{"k":"v"}]},"payload":"{ \"msg\": \"hi\", \"n\": 1.00 }",)"
        R"("value":{"msg":"hi","n":1.00}})");
}

TEST_CASE("the payload of a record is exact, its value only there when it has one") {
  CHECK(record(of("")) == start + R"(0,"payload":""})");
  CHECK(record(of("hi\n\u00e9")) == start + R"(5,"payload":"hi\n)" + "\u00e9\"}");
  CHECK(record(of("a\0b"s)) == start + R"(3,"payload":"a\u0000b"})");
  CHECK(record(of("\xff\x00"s)) == start + R"(2,"payload_base64":"/wA="})");
  CHECK(record(of("42")) == start + R"(2,"payload":"42","value":42})");
  CHECK(record(of(" null\n")) == start + R"(6,"payload":" null\n","value":null})");
  CHECK(record(of("\x81\x01"), RecordForm::exact, DecodeAs::cbor) ==
        start + R"(2,"payload_base64":"gQE=","value":[1]})");
  CHECK(record(of("\x01"), RecordForm::exact, DecodeAs::cbor) ==
        start + R"(1,"payload":"\u0001","value":1})");
  CHECK(record(of("42"), RecordForm::exact, DecodeAs::hex) == start + R"(2,"payload":"42"})");
}

TEST_CASE("a record can carry the value as its payload") {
  CHECK(record(of("[ 1 ]"), RecordForm::value) == start + R"(5,"payload":[1]})");
  CHECK(record(of("hi"), RecordForm::value) == start + R"(2,"payload":"hi"})");
  CHECK(record(of("\xff"), RecordForm::value) == start + R"(1,"payload_base64":"/w=="})");
  CHECK(record(of("\x81\x01"), RecordForm::value, DecodeAs::cbor) == start + R"(2,"payload":[1]})");
}

TEST_CASE("a record says what is unusual about a message") {
  Message message = of("x");
  message.qos = Qos::exactly_once;
  message.retained = true;
  message.duplicate = true;
  CHECK(record(message) ==
        R"({"tst":"2026-11-23T18:15:00.123456Z","topic":"test","qos":2,"retain":true,)"
        R"("payloadlen":1,"dup":true,"payload":"x"})");
  message.qos = Qos::at_most_once;
  message.id = 9;  // Means nothing without QoS.
  message.duplicate = false;
  CHECK_THAT(record(message), !Contains("mid") && !Contains("dup"));
}

TEST_CASE("a record tells all properties") {
  Message message = of("x");
  message.properties.topic_alias = 3;
  message.properties.content_type = "a/b";
  message.properties.response_topic = "r/t";
  message.properties.correlation_data = "id\0"s;
  message.properties.payload_format = 1;
  message.properties.expiry = 4294967295U;
  message.properties.subscription_identifiers = {5};
  message.properties.user = {{"k", "1"}, {"k", ""}, {"", "2"}};
  CHECK_THAT(record(message),
             Contains(R"("properties":{"topic-alias":3,"content-type":"a/b",)"
                      R"("response-topic":"r/t","correlation-data":"id\u0000",)"
                      R"("payload-format-indicator":1,"message-expiry-interval":4294967295,)"
                      R"("subscription-identifier":5,)"
                      R"("user-properties":[{"k":"1"},{"k":""},{"":"2"}]},"payload")"));
  message.properties.correlation_data = "\xff";
  message.properties.subscription_identifiers = {5, 268435455};
  CHECK_THAT(record(message), Contains(R"("correlation-data-base64":"/w==")") &&
                                  Contains(R"("subscription-identifier":[5,268435455])"));
}

TEST_CASE("a record is JSON whatever arrived") {
  Message message = of(std::string(100, '[') + std::string(100, ']'));
  message.topic = "bad\xff\xc3topic\x01";
  message.properties.content_type = "\xff";
  message.properties.response_topic = "\xe2\x82";
  message.properties.user = {{"\xff", "\x80"}};
  const std::string line = record(message);
  CHECK(nlohmann::json::accept(line));
  CHECK_THAT(line, Contains("\"bad\ufffd\ufffdtopic\\u0001\"") && Contains("\"value\":[["));
  CHECK_THAT(record(of(std::string(101, '[') + std::string(101, ']'))), !Contains("value"));
}

TEST_CASE("the value in a record has no half of a surrogate pair, which jq refuses") {
  const Message message = of(R"({"\ud800": ["a\uDC00\n", "\ud83d\ude00", 1.00, "\u00e9"]})");
  CHECK_THAT(record(message), Contains("\"value\":{\"\ufffd\":[\"a\ufffd\\n\",\"\U0001f600\",1.00,"
                                       "\"\\u00e9\"]}}"));
  CHECK(parse_record(record(message)) == message);
}

TEST_CASE("a record without what may be left out is read") {
  Message expected;
  expected.topic = "a";
  expected.payload = "x";
  CHECK(parse_record(R"({"topic":"a","payload":"x"})") == expected);
  CHECK(parse_record(R"( { "payload" : "x", "other" : [{}], "topic" : "\u0061", "value":3 } )") ==
        expected);
}

TEST_CASE("the local times that mosquitto_sub writes are read in every zone") {
  for (const std::string text : {"T18:15:00.5Z+0000", "T19:15:00.5Z+0100", "T14:45:00.5Z-0330",
                                 "T19:15:00.5+0100", "T18:15:00.5Z"}) {
    CAPTURE(text);
    CHECK(parse_record(R"({"topic":"a","payload":"","tst":"2026-11-23)" + text + R"("})").time ==
          from_rfc3339("2026-11-23T18:15:00.5Z"));
  }
}

TEST_CASE("what mosquitto_sub wrote is read") {
  const Message old = parse_record(
      R"({"tst":"2026-11-23T17:42:19.197070Z+0000","topic":"r/one","qos":1,"retain":1,)"
      R"("payloadlen":7,"mid":1,"properties":{"subscription-identifier":7,)"
      R"("subscription-identifier":9,"content-type":"application/json","user-properties":{"k":"v","k":"v2"},)"
      R"("correlation-data":"abc","response-topic":"rr","payload-format-indicator":1,)"
      R"("message-expiry-interval":600},"payload":"{\"a\":1}"})");
  Message expected;
  expected.topic = "r/one";
  expected.payload = "{\"a\":1}";
  expected.qos = Qos::at_least_once;
  expected.retained = true;
  expected.id = 1;
  expected.time = from_rfc3339("2026-11-23T17:42:19.197070Z").value();
  expected.properties.subscription_identifiers = {7, 9};
  expected.properties.content_type = "application/json";
  expected.properties.user = {{"k", "v"}, {"k", "v2"}};
  expected.properties.correlation_data = "abc";
  expected.properties.response_topic = "rr";
  expected.properties.payload_format = 1;
  expected.properties.expiry = 600;
  CHECK(old == expected);

  const Message young =
      parse_record(R"({"tst":"2026-11-23T18:42:19.000000+0100","topic":"a","qos":0,"retain":false,)"
                   R"("payloadlen":0,"payload":null})");
  CHECK(young.time == from_rfc3339("2026-11-23T17:42:19Z").value());
  CHECK(young.payload.empty());
  CHECK_FALSE(young.retained);
}

TEST_CASE("a record that carries the value as its payload is read") {
  for (const std::string payload :
       {"hi", "\"hi\"", "\"\\u00e9\"", "null", "", "true", "-1.00e2", "[1,{\"a\":\"\\ud800\"}]",
        "{\"msg\":\"hi\",\"data\":\"x\"}", "\xff", "\"\"", "0"}) {
    CAPTURE(payload);
    CHECK(parse_record(record(of(payload), RecordForm::value)).payload ==
          (payload.find("ud800") == std::string::npos ? payload : "[1,{\"a\":\"\uFFFD\"}]"));
    CHECK(parse_record(record(of(payload))).payload == payload);
  }
  // Blanks between tokens are gone, and somebody's editor knows nothing of payloadlen.
  CHECK(parse_record(record(of("{ \"a\" : [ 1 ] }"), RecordForm::value)).payload == "{\"a\":[1]}");
  CHECK(parse_record(R"({"topic":"a","payload":{"b":null}})").payload == R"({"b":null})");
  CHECK(parse_record(R"({"topic":"a","payloadlen":9,"payload":"new"})").payload == "new");
  CHECK(parse_record(R"({"topic":"a","payload":"\"on\"","payloadlen":4})").payload == "\"on\"");

  Message binary = of("\x81\x01");
  binary.properties.content_type = "application/cbor";
  CHECK(parse_record(record(binary, RecordForm::value)) == binary);
  binary.payload = "\x41z";  // A byte string: its value does not say what it was.
  CHECK_THROWS_WITH(parse_record(record(binary, RecordForm::value)),
                    Contains("whose bytes it does not tell"));
  binary.payload = "\x91\x01";
  binary.properties.content_type = "application/x-msgpack; v=1";
  CHECK(parse_record(record(binary, RecordForm::value)) == binary);
}

TEST_CASE("a wrong record is refused with the reason") {
  struct Case {
    std::string line;
    const char* reason;
  };
  const auto with = [](const std::string& member) {
    return R"({"topic":"a","payload":"x",)" + member + "}";
  };
  const auto with_property = [&](const std::string& property) {
    return with("\"properties\":{" + property + "}");
  };
  const Case cases[] = {
      {"", "not JSON"},
      {"{", "not JSON"},
      {R"({"topic":"a","payload":"x"} x)", "not JSON"},
      {"{\"topic\":\"a\xff\",\"payload\":\"x\"}", "not JSON"},
      {std::string(100000, '['), "not JSON"},
      {R"({"topic":"a","payload":"\ud800"})", "payload has half of a surrogate pair"},
      {R"({"topic":"a\udfff","payload":"x"})", "topic has half of a surrogate pair"},
      {with_property(R"("user-properties":[{"k":"\ud83dx"}])"), "half of a surrogate pair"},
      {with_property(R"("user-properties":[{"\ude00":"v"}])"), "half of a surrogate pair"},
      {"[]", "not a JSON object"},
      {"42", "not a JSON object"},
      {"{}", "no topic"},
      {R"({"payload":"x"})", "no topic"},
      {R"({"topic":1,"payload":"x"})", "topic is not a string"},
      {R"({"topic":"","payload":"x"})", "the topic is empty"},
      {R"({"topic":"a/#","payload":"x"})", "wildcard"},
      {R"({"topic":"a\u0000","payload":"x"})", "NUL"},
      {R"({"topic":"a"})", "no payload"},
      {R"({"topic":"a","payload_base64":"x"})", "payload_base64 is not base64"},
      {R"({"topic":"a","payload_base64":null})", "payload_base64 is not a string"},
      {R"({"topic":"a","payload":"x","payload_base64":""})", "more than one payload"},
      {R"({"topic":"a","topic":"b","payload":"x"})", "more than one topic"},
      {with(R"("qos":1,"qos":2)"), "more than one qos"},
      {with(R"("retain":true,"ret\u0061in":false)"), "more than one retain"},
      {with(R"("properties":{},"properties":{"content-type":"a"})"), "more than one properties"},
      {with_property(R"("content-type":"a","content-type":"b")"), "more than one content-type"},
      {with_property(R"("correlation-data":"a","correlation-data-base64":"")"),
       "more than one correlation-data"},
      {with(R"("x":1,"x":2)"), "more than one x"},
      {with(R"("qos":3)"), "qos must be 0, 1 or 2"},
      {with(R"("qos":"1")"), "qos must be 0, 1 or 2"},
      {with(R"("qos":1.0)"), "qos must be 0, 1 or 2"},
      {with(R"("qos":[1])"), "qos must be 0, 1 or 2"},
      {with(R"("retain":2)"), "retain must be true or false"},
      {with(R"("retain":"true")"), "retain must be true or false"},
      {with(R"("dup":null)"), "dup must be true or false"},
      {with(R"("mid":65536)"), "mid is not a whole number from 0 to 65535"},
      {with(R"("mid":-1)"), "mid is not a whole number"},
      {with(R"("mid":1e1)"), "mid is not a whole number"},
      {with(R"("tst":"today")"), "tst is not a time"},
      {with(R"("tst":1795457703)"), "tst is not a string"},
      {with(R"("tst":"2026-11-23T18:15:00ZZ+0100")"), "tst is not a time"},
      {with(R"("tst":"Z+0100")"), "tst is not a time"},
      {with(R"("tst":"+0000")"), "tst is not a time"},
      {with(R"("properties":[])"), "properties is not an object"},
      {with_property(R"("content-type":1)"), "content-type is not a string"},
      {with_property(R"("content-type":")" + std::string(65536, 'x') + '"'),
       "content-type is longer than 65,535 bytes"},
      {with_property(R"("content-type":"a\u0085")"),
       "content-type has a control character or noncharacter (byte 2)"},
      {with_property(R"("response-topic":{})"), "response-topic is not a string"},
      {with_property(R"("response-topic":"a/#")"), "response-topic: the topic \"a/#\""},
      {with_property(R"("correlation-data-base64":"!")"), "correlation-data-base64 is not base64"},
      {with_property(R"("payload-format-indicator":2)"),
       "payload-format-indicator is not a whole number from 0 to 1"},
      {with_property(R"("message-expiry-interval":4294967296)"),
       "message-expiry-interval is not a whole number"},
      {with_property(R"("subscription-identifier":0)"),
       "subscription-identifier is not a whole number"},
      {with_property(R"("subscription-identifier":[1,"2"])"),
       "subscription-identifier is not a whole number"},
      {with_property(R"("topic-alias":"1")"), "topic-alias is not a whole number"},
      {with_property(R"("user-properties":"k=v")"), "user-properties is not an array of objects"},
      {with_property(R"("user-properties":["k"])"), "user-properties is not an array of objects"},
      {with_property(R"("user-properties":[{"k":1}])"),
       "a value of user-properties is not a string"},
      {with_property(R"("user-properties":{"\n":"v"})"),
       "a key of user-properties has a control character or noncharacter (byte 1)"},
      {with_property(R"("user-properties":{"k":"\uffff"})"),
       "a value of user-properties has a control character or noncharacter (byte 1)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.line.substr(0, 80));
    CHECK_THROWS_AS(parse_record(c.line), UsageError);
    CHECK_THROWS_WITH(parse_record(c.line), Contains(c.reason));
  }
}

TEST_CASE("no proper prefix of a record is one") {
  Message message = of("{\"a\":[1]}");
  message.properties.user = {{"k", "\u00e9"}};
  const std::string line = record(message);
  REQUIRE(parse_record(line) == message);
  for (std::size_t size = 0; size < line.size(); ++size) {
    CHECK_THROWS_AS(parse_record(line.substr(0, size)), UsageError);
  }
}

namespace {

class SomeMessages {
 public:
  explicit SomeMessages(unsigned seed) : random_(seed) {}

  Message next() {
    Message message;
    message.topic = text(1 + below(10));
    message.payload = payload();
    message.qos = static_cast<Qos>(below(3));
    message.retained = coin();
    message.duplicate = coin();
    if (message.qos != Qos::at_most_once) message.id = static_cast<std::uint16_t>(below(65536));
    message.time = Timestamp{std::chrono::microseconds{
        std::uniform_int_distribution<std::int64_t>{-1000000000000000, 4000000000000000}(random_)}};
    Properties& properties = message.properties;
    if (coin()) return message;
    if (coin()) properties.payload_format = static_cast<int>(below(2));
    if (coin()) properties.expiry = static_cast<std::uint32_t>(random_());
    if (coin()) properties.topic_alias = static_cast<std::uint16_t>(below(65536));
    if (coin()) properties.content_type = coin() ? "application/cbor" : text(below(5));
    if (coin()) properties.response_topic = text(below(5));
    if (coin()) properties.correlation_data = bytes(below(5));
    for (std::size_t i = below(4); i > 0; --i) {
      properties.subscription_identifiers.push_back(
          static_cast<std::uint32_t>(1 + below(268435455)));
    }
    for (std::size_t i = below(4); i > 0; --i) {
      properties.user.emplace_back(text(below(4)), text(below(4)));
    }
    return message;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool coin() { return below(2) == 0; }

  std::string text(std::size_t length) {
    static const std::vector<std::string> letters = {
        "a", "/", "\"", "\\", " ", "\u00e9", "\u20ac", "\U0001f600", "{", "z", "\u202e"};
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += letters[below(letters.size())];
    return text;
  }

  std::string bytes(std::size_t length) {
    std::string bytes;
    for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(random_());
    return bytes;
  }

  std::string payload() {
    switch (below(5)) {
      case 0:
        return {};
      case 1:
        return bytes(below(20));
      case 2:
        return "{\"k\" : [" + std::to_string(below(1000)) + ".50, \"\\u00e9\"]}";
      case 3:
        return "a\n\t\0\x1b\x7f"s + text(5);
      default:
        return text(below(30));
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("any message comes back from its record") {
  SomeMessages messages{9};
  for (int i = 0; i < 5000; ++i) {
    const Message message = messages.next();
    const std::string line = record(message);
    CAPTURE(line);
    REQUIRE(is_json(line, max_depth + 1));
    REQUIRE(line.find('\n') == std::string_view::npos);
    REQUIRE(nlohmann::json::accept(line));
    REQUIRE(parse_record(line) == message);
  }
}
