// SPDX-License-Identifier: MIT
#include "feed/feed.hpp"

#include "feed/given.hpp"

#include "catch.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace mqtt_tools::feed {
namespace {

using namespace std::chrono_literals;
using Payloads = std::vector<std::string>;

/// A record of a message on "top" at second `second` of a minute.
std::string record(const std::string& second, const std::string& payload) {
  return R"({"tst":"2026-11-23T18:15:)" + second +
         R"(Z","topic":"top","qos":1,"retain":false,"payload":")" + payload + "\"}\n";
}

/// A feed of records in a file that is gone once they are read.
class Recording {
 public:
  explicit Recording(const std::string& text, SourceOptions options = {}) : file_(text) {
    options.kind = SourceOptions::Kind::replay;
    options.file = file_.path();
    feed_ = open(options);
  }
  Feed* operator->() const { return feed_.get(); }
  Feed& operator*() const { return *feed_; }

 private:
  GivenFile file_;
  std::unique_ptr<Feed> feed_;
};

SourceOptions at_speed(double speed) {
  SourceOptions options;
  options.speed = speed;
  return options;
}

TEST_CASE("a record is published as it is and without what belonged to its connection") {
  const Recording recording{
      R"({"tst":"2026-11-23T18:15:00.5Z","topic":"a/b","qos":2,"retain":false,"dup":true,)"
      R"("payloadlen":2,"mid":7,"properties":{"content-type":"text/plain","topic-alias":3,)"
      R"("subscription-identifier":9,"user-properties":[{"k":"v"},{"k":"w"}]},"payload":"hi"})"};
  CHECK(recording->final());
  CHECK(recording->where().empty());

  const auto messages = all_of(*recording);
  REQUIRE(messages.size() == 1);
  const Message& message = messages[0];
  CHECK(message.topic == "a/b");
  CHECK(message.payload == "hi");
  CHECK(message.qos == Qos::exactly_once);
  CHECK(message.id == 0);
  CHECK_FALSE(message.duplicate);
  Properties expected;
  expected.content_type = "text/plain";
  expected.user = {{"k", "v"}, {"k", "w"}};
  CHECK(message.properties == expected);
  CHECK(recording->where() == "record 1");
}

TEST_CASE("what the user said about form does not touch records") {
  SourceOptions options;
  options.prototype.topic = "other";
  options.prototype.qos = Qos::exactly_once;
  options.prototype.retained = true;
  const Recording recording{record("00", "hi"), options};
  const auto messages = all_of(*recording);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].topic == "top");
  CHECK(messages[0].qos == Qos::at_least_once);
  CHECK_FALSE(messages[0].retained);
}

TEST_CASE("retain flags are published only when that was asked for, and counted otherwise") {
  const std::string text = R"({"topic":"a","qos":0,"retain":true,"payload":"1"})"
                           "\n"
                           R"({"topic":"b","qos":0,"retain":false,"payload":"2"})"
                           "\n"
                           R"({"topic":"c","qos":0,"retain":true,"payload":"3"})";
  for (const bool keep : {false, true}) {
    SourceOptions options;
    options.keep_retain = keep;
    const Recording recording{text, options};
    const auto messages = all_of(*recording);
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].retained == keep);
    CHECK_FALSE(messages[1].retained);
    CHECK(messages[2].retained == keep);
    CHECK(recording->remarks().retain_dropped == (keep ? 0U : 2U));
  }
}

TEST_CASE("a prefix goes before each topic and may not spoil it") {
  SourceOptions options;
  options.topic_prefix = "test/";
  const auto messages = all_of(*Recording{record("00", "hi"), options});
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].topic == "test/top");

  options.topic_prefix = std::string(65'533, 'x');
  const Recording long_one{record("00", "hi"), options};
  CHECK(usage_error([&] { all_of(*long_one); }).rfind("record 1 (line 1): ", 0) == 0);
}

TEST_CASE("a broken record is told by its number and line, blank lines do not count") {
  const Recording recording{record("00", "one") + "\n  \r\n" + record("01", "two") +
                            "not a record\n" + record("02", "three")};
  Message message;
  CHECK(recording->next(at({}), message) == Supply::message);
  CHECK(recording->next(at({}), message) == Supply::message);
  CHECK(recording->where() == "record 2");
  CHECK(usage_error([&] { recording->next(at({}), message); }) ==
        "record 3 (line 5): not JSON; --skip-bad-lines leaves such lines out");
}

TEST_CASE("broken records are skipped and counted when that was asked for") {
  SourceOptions options;
  options.skip_bad_lines = true;
  const std::string wildcard = R"({"topic":"a/#","qos":0,"retain":true,"payload":"x"})";
  const Recording recording{
      "not a record\n" + record("00", "one") + wildcard + "\n{}\n" + record("01", "two") + "{",
      options};
  CHECK(payloads(all_of(*recording)) == Payloads{"one", "two"});
  CHECK(recording->remarks().skipped == 4);
  CHECK(recording->remarks().retain_dropped == 0);
}

TEST_CASE("at speed 0 all records come at once") {
  const Recording recording{record("00", "one") + record("30", "two") + record("10", "three")};
  CHECK(payloads(all_of(*recording)) == Payloads{"one", "two", "three"});
}

TEST_CASE("records keep their distance at their own speed or another") {
  const std::string text = record("00", "one") + record("01.5", "two") + record("04.5", "three");
  struct Case {
    double speed;
    Duration second;
    Duration third;
  };
  const Case cases[] = {{1, 1500ms, 4500ms}, {2, 750ms, 2250ms}, {0.5, 3s, 9s}};
  for (const auto& [speed, second, third] : cases) {
    CAPTURE(speed);
    const Recording recording{text, at_speed(speed)};
    CHECK(payloads(all_of(*recording, at(100s))) == Payloads{"one"});
    CHECK(recording->due() == at(100s + second));
    CHECK(recording->fd() == -1);
    CHECK(all_of(*recording, at(100s + second - 1ms)).empty());
    CHECK(payloads(all_of(*recording, at(100s + second))) == Payloads{"two"});
    CHECK(recording->due() == at(100s + third));
    CHECK(payloads(all_of(*recording, at(100s + third))) == Payloads{"three"});
    CHECK_FALSE(recording->due());
  }
}

TEST_CASE("a record before its predecessor or without a time comes at once") {
  const std::string timeless = R"({"topic":"top","qos":1,"retain":false,"payload":"timeless"})";
  const Recording recording{
      record("10", "one") + record("05", "two") + timeless + "\n" + record("06", "three"),
      at_speed(1)};
  CHECK(payloads(all_of(*recording, at(0s))) == Payloads{"one", "two", "timeless"});
  CHECK(recording->due() == at(1s));
}

TEST_CASE("a distance beyond all sense does not overflow") {
  const Recording recording{
      R"({"tst":"1700-01-01T00:00:00Z","topic":"a","qos":0,"retain":false,"payload":"1"})"
      "\n"
      R"({"tst":"2260-01-01T00:00:00Z","topic":"a","qos":0,"retain":false,"payload":"2"})",
      at_speed(1e-9)};
  CHECK(payloads(all_of(*recording, at(0s))) == Payloads{"1"});
  CHECK(recording->due() > at(24h));
}

}  // namespace
}  // namespace mqtt_tools::feed
