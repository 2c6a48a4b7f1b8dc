// SPDX-License-Identifier: MIT
#include "screen/topic_table.hpp"

#include "catch.hpp"
#include "error.hpp"

#include <chrono>
#include <string>

using namespace mqtt_tools;
using namespace mqtt_tools::screen;
using namespace std::chrono_literals;

namespace {

const Clock::time_point start{1000s};

struct Table {
  explicit Table(std::vector<std::string> select = {},
                 payload::DecodeAs decode_as = payload::DecodeAs::automatic)
      : topics(select, decode_as, start), as(decode_as) {}

  void add(const std::string& topic, const std::string& payload, Duration at = 0s,
           bool retained = false) {
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.retained = retained;
    topics.add(payload::decode(message, as), start + at);
  }

  std::string value(const std::string& payload) {
    add("value", payload);
    return topics.value(topics[0]);
  }

  TopicTable topics;
  payload::DecodeAs as;
};

std::string numbers(const std::string& payload, std::size_t most = 16) {
  Message message;
  message.payload = payload;
  std::string text;
  for (const auto& [place, value] : numbers_in(payload::decode(message), most)) {
    text += place + "=" + std::to_string(value).substr(0, 4) + " ";
  }
  return text;
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("the value of a topic is the message of the envelope, or the payload on a line") {
  Table table;
  CHECK(table.value(R"({"msg":"open\n","data":"2026-11-28 08-00-00"})") == "open\n");
  CHECK(table.value(R"({"msg":{"a": [1, 2]},"data":"x"})") == R"({"a":[1,2]})");
  CHECK(table.value(R"({"msg":21.50,"data":"x"})") == "21.50");
  CHECK(table.value("{\"a\": 1,\n \"b\": 2}") == R"({"a":1,"b":2})");
  CHECK(table.value("21.5") == "21.5");
  CHECK(table.value("on") == "on");
  CHECK(table.value("") == "(empty)");
  CHECK(table.value("\xff\x01") == "0xff01");
  CHECK(table.value(std::string(1'000'000, 'x')).size() <= 4096);
  CHECK(table.value("[" + std::string(60'000, '1') + "]").size() <= 4096);
}

TEST_CASE("option --select chooses the value of a topic, also of one that is not kept whole") {
  Table table{{"/a", "/b/0"}};
  CHECK(table.value(R"({"a":"x","b":[7]})") == "x 7");
  CHECK(table.value(R"({"b":[7]})") == "7");
  CHECK(table.value(R"({"c":1})") == "");
  CHECK(table.value(R"({"z":")" + std::string(100'000, 'z') + R"(","a":"end"})") == "end");
  CHECK_THROWS_AS(Table({"a"}), UsageError);
}

TEST_CASE("option --decode says how values are read") {
  Table table{{}, payload::DecodeAs::hex};
  CHECK(table.value("abc") == "616263");
}

TEST_CASE("the numbers in a payload are found with their places, in their order") {
  CHECK(numbers("21.5") == "=21.5 ");
  CHECK(numbers(R"({"msg":"7","data":"2026-11-28 08-00-00","x":{"y":[1,{"z/~":2}]}})") ==
        "/msg=7.00 /x/y/0=1.00 /x/y/1/z~1~0=2.00 ");
  CHECK(numbers(R"({"a":1,"b":2,"c":3})", 2) == "/a=1.00 /b=2.00 ");
  CHECK(numbers(R"({"a":true,"b":null,"c":"12 V","d":""})") == "");
  CHECK(numbers(R"([1e999, 5])") == "/1=5.00 ");
  CHECK(numbers("text") == "");
  CHECK(numbers("") == "");
  CHECK(numbers("nan") == "");
  CHECK(numbers(std::string(99, '[') + "1" + std::string(99, ']')).size() > 4);
}

TEST_CASE("rates follow what comes, and fall when nothing does") {
  Table table;
  for (int i = 0; i < 1000; ++i) table.add("fast", "1", i * 10ms);
  for (int i = 0; i < 5; ++i) table.add("slow", "1", i * 20s);
  table.add("once", "1");
  const auto rate = [&](std::size_t index, Duration at) {
    return table.topics[index].rate(start + at);
  };
  CHECK(rate(0, 10s) == Approx(100).epsilon(0.05));
  CHECK(rate(0, 20s) < 20);
  CHECK(rate(1, 80s) == Approx(0.05));
  CHECK(rate(1, 200s) == Approx(1.0 / 120));
  CHECK(rate(2, 1s) == 0);
}

TEST_CASE("the rate is right soon after the first message") {
  Table table;
  for (int i = 0; i < 20; ++i) table.add("t", "1", i * 100ms);
  CHECK(table.topics[0].rate(start + 2s) == Approx(10).epsilon(0.1));
}

TEST_CASE("a topic is stale after three times its usual interval and a second") {
  Table table;
  for (int i = 0; i < 4; ++i) table.add("slow", "1", i * 10s);
  for (int i = 0; i < 4; ++i) table.add("fast", "1", i * 10ms);
  for (int i = 0; i < 2; ++i) table.add("twice", "1", i * 10ms);
  for (int i = 0; i < 4; ++i) table.add("retained", "1", 0s, true);
  const auto stale = [&](std::size_t index, Duration at) {
    return table.topics[index].stale(start + at);
  };
  CHECK_FALSE(stale(0, 59s));
  CHECK(stale(0, 61s));
  CHECK_FALSE(stale(1, 900ms));
  CHECK(stale(1, 1100ms));
  CHECK_FALSE(stale(2, 1h));
  CHECK_FALSE(stale(3, 1h));
}

TEST_CASE("a series has the last number of each second, the last two minutes of them") {
  Series series;
  series.add_value(0, 1);
  series.add_value(0, 2);
  series.add_value(3, 5);
  CHECK(series.last(10) == Values{2, 5});
  CHECK(series.last(1) == Values{5});
  CHECK(series.between(0, 4, 4) == Values{2, 2, 2, 5});
  for (std::uint32_t second = 4; second < 1000; ++second) series.add_value(second, second);
  CHECK(series.last(1000).size() == 120);
  CHECK(series.last(1000).front() == 880);
  CHECK(series.first_second() == 880);
}

TEST_CASE("a series counts messages of each second, and says a rate over gaps") {
  Series series;
  for (int i = 0; i < 6; ++i) series.count(1);
  series.count(2);
  for (int i = 0; i < 4; ++i) series.count(4);
  CHECK(series.last(10) == Values{6, 1, 2});
  series.add_value(5, 7);
  CHECK(series.last(10) == Values{7});
}

TEST_CASE("the sparkline is of numbers where there are any, and of the rate where not") {
  Table table;
  for (int i = 0; i < 3; ++i) {
    table.add("number", std::to_string(i), i * 1s);
    table.add("text", "on", i * 1s);
    table.add("text", "off", i * 1s);
  }
  table.add("number", "broken", 4s);
  CHECK(table.topics[0].series.last(9) == Values{0, 1, 2});
  CHECK(table.topics[1].series.last(9) == Values{2, 2, 2});
}

TEST_CASE("of a followed topic every number is recorded, and one is chosen") {
  Table table;
  table.add("t", R"({"a":1,"b":10})", 0s);
  table.add("t", R"({"a":2,"b":20})", 1s);
  table.topics.follow(0);
  table.add("t", R"({"a":3,"b":30,"c":5})", 2s);
  table.add("t", R"({"a":4,"b":40})", 3s);
  const auto& followed = table.topics.followed();
  REQUIRE(followed.size() == 4);
  CHECK(followed[0].first == "/a");
  CHECK(followed[0].second.last(9) == Values{1, 2, 3, 4});
  CHECK(followed[1].second.last(9) == Values{30, 40});
  CHECK(followed[2].first == "/c");
  CHECK(followed[3].second.last(9) == Values{1, 1});
  table.topics.choose(1);
  table.topics.follow({});
  table.add("t", R"({"a":5,"b":50})", 4s);
  CHECK(table.topics[0].series.last(9) == Values{30, 40, 50});
  table.topics.follow(0);
  CHECK(table.topics.followed()[1].second.last(9) == Values{30, 40, 50});
  table.topics.choose(table.topics.followed().size() - 1);
  table.add("t", R"({"a":6})", 5s);
  CHECK(table.topics[0].series.kind() == Series::Kind::rate);
}

TEST_CASE("what is frozen stays, and what came in the meantime is there afterwards") {
  Table table;
  table.add("a", "1");
  table.topics.freeze(true);
  table.add("a", "2");
  table.add("b", "3");
  CHECK(table.topics.size() == 1);
  CHECK(table.topics.value(table.topics[0]) == "1");
  table.topics.freeze(false);
  CHECK(table.topics.size() == 2);
  CHECK(table.topics.value(table.topics[0]) == "2");
  CHECK(table.topics[0].messages == 2);
  table.topics.clear();
  CHECK(table.topics.size() == 0);
  table.add("b", "4");
  CHECK(table.topics.value(table.topics[0]) == "4");
}

TEST_CASE("of a payload 64 KiB are kept, and less of each when all of them are large") {
  Table table;
  const std::string large(TopicTable::longest_payload + 1, 'x');
  for (int i = 0; i < 1500; ++i) table.add("t" + std::to_string(i), large);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < table.topics.size(); ++i) {
    sum += table.topics[i].last.payload.capacity();
    CHECK(table.topics[i].size == large.size());
    CHECK_FALSE(table.topics[i].whole());
  }
  CHECK(table.topics[0].last.payload.size() == TopicTable::longest_payload);
  CHECK(table.topics[1499].last.payload.size() == 1024);
  CHECK(sum < TopicTable::most_content_bytes + std::size_t{1500} * 2200);
  table.add("t0", "small");
  CHECK(table.topics[0].last.payload.capacity() < 2000);
}

TEST_CASE("a topic beyond the most is counted and not kept") {
  Table table;
  for (std::size_t i = 0; i < TopicTable::most_topics + 5; ++i) {
    table.add(std::to_string(i), "");
  }
  CHECK(table.topics.size() == TopicTable::most_topics);
  CHECK(table.topics.left_out() == 5);
}

TEST_CASE("properties that would take much room are not kept") {
  Table table;
  Message message;
  message.topic = "t";
  message.properties.content_type = "text/plain";
  table.topics.add(payload::decode(message), start);
  CHECK(table.topics[0].last.properties.content_type == "text/plain");
  for (int i = 0; i < 10'000; ++i) message.properties.user.emplace_back("key", "value");
  table.topics.add(payload::decode(message), start);
  CHECK(table.topics[0].last.properties.empty());
}

TEST_CASE("names and properties of many topics together take no more room than there is for them") {
  Table table;
  Message message;
  message.properties.content_type = std::string(60'000, 'x');
  std::size_t names = 0;
  std::size_t properties = 0;
  for (int i = 0; i < 2000; ++i) {
    message.topic = std::to_string(i);
    table.topics.add(payload::decode(message), start);
    table.add(std::string(60'000, 'n') + std::to_string(i), "");
  }
  for (std::size_t i = 0; i < table.topics.size(); ++i) {
    names += table.topics[i].last.topic.size();
    properties += table.topics[i].last.properties.content_type.value_or("").size();
  }
  CHECK(names > TopicTable::most_name_bytes / 2);
  CHECK(names <= TopicTable::most_name_bytes);
  CHECK(properties > TopicTable::most_content_bytes / 2);
  CHECK(properties <= TopicTable::most_content_bytes);
  CHECK(table.topics.left_out() + table.topics.size() == 4000);
}
