// SPDX-License-Identifier: MIT
#include "run/message_filter.hpp"

#include "error.hpp"

#include "catch.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::run {
namespace {

using namespace std::chrono_literals;

bool wanted(const MessageFilterOptions& options, const Message& message,
            payload::DecodeAs as = payload::DecodeAs::automatic) {
  return MessageFilter{options}(payload::decode(message, as));
}

Message with_payload(const std::string& payload) {
  Message message;
  message.payload = payload;
  return message;
}

using Texts = std::vector<std::string>;

bool matched(const Texts& match, const std::string& payload) {
  MessageFilterOptions options;
  options.match = match;
  return wanted(options, with_payload(payload));
}

bool grepped(const Texts& grep, const std::string& payload) {
  MessageFilterOptions options;
  options.grep = grep;
  return wanted(options, with_payload(payload));
}

TEST_CASE("all messages are wanted unless something was said") {
  CHECK(wanted({}, {}));
  CHECK(wanted({}, with_payload("\xff")));
}

TEST_CASE("messages whose topic is filtered out are not wanted") {
  MessageFilterOptions options;
  options.filter_out = {"a/#", "+/noise"};
  struct Case {
    const char* topic;
    bool wanted;
  };
  for (const auto& [topic, expected] :
       {Case{"a", false}, Case{"a/b", false}, Case{"b/noise", false}, Case{"b/noise/c", true},
        Case{"b", true}}) {
    CAPTURE(topic);
    Message message;
    message.topic = topic;
    CHECK(wanted(options, message) == expected);
  }
}

TEST_CASE("retained messages can be left out or be the only ones") {
  Message live;
  Message retained;
  retained.retained = true;

  MessageFilterOptions options;
  options.no_retained = true;
  CHECK(wanted(options, live));
  CHECK_FALSE(wanted(options, retained));

  options = {};
  options.retained_only = true;
  CHECK_FALSE(wanted(options, live));
  CHECK(wanted(options, retained));
}

TEST_CASE("a payload must contain all JSON that is asked for") {
  CHECK(matched({R"({"a":1})"}, R"({"b":2,"a":1})"));
  CHECK(matched({R"({"a":1})", R"({"b":2})"}, R"({"b":2,"a":1})"));
  CHECK_FALSE(matched({R"({"a":1})", R"({"b":3})"}, R"({"b":2,"a":1})"));
  CHECK_FALSE(matched({R"({"a":1})"}, "not JSON"));
}

TEST_CASE("a payload must match all expressions somewhere") {
  CHECK(grepped({"b.d"}, "abcde"));
  CHECK(grepped({"^a", "e$"}, "abcde"));
  CHECK_FALSE(grepped({"^a", "f"}, "abcde"));
  CHECK_FALSE(grepped({"b"}, ""));
  CHECK(grepped({""}, ""));
  CHECK(grepped({"(?i)ABC"}, "abc"));
}

TEST_CASE("an expression sees characters in text and bytes in what is not") {
  CHECK(grepped({"^.$"}, "é"));
  CHECK(grepped({"é"}, "café"));
  CHECK(grepped({"^.\\xff.$"}, std::string{"\x80\xff\0", 3}));
  CHECK_FALSE(grepped({"^..$"}, "é"));
}

TEST_CASE("an expression sees what is shown of a payload") {
  MessageFilterOptions options;
  options.grep = {"^ff00$"};
  CHECK(wanted(options, with_payload(std::string{"\xff\0", 2}), payload::DecodeAs::hex));
  CHECK_FALSE(wanted(options, with_payload(std::string{"\xff\0", 2})));
}

TEST_CASE("a long payload and a costly expression do no harm") {
  CHECK_FALSE(grepped({"(a*)*b"}, std::string(100'000, 'a')));
}

TEST_CASE("what cannot be understood is refused by the name of its option") {
  MessageFilterOptions options;
  options.grep = {"a("};
  CHECK_THROWS_AS(MessageFilter{options}, UsageError);
  CHECK_THROWS_WITH(MessageFilter{options},
                    Catch::Matchers::StartsWith("--grep: ") && mqtt_tools::support::Contains("a("));
  options = {};
  options.match = {"{"};
  CHECK_THROWS_AS(MessageFilter{options}, UsageError);
  CHECK_THROWS_WITH(MessageFilter{options}, Catch::Matchers::StartsWith("--match: "));
}

TEST_CASE("with changes so much is kept of topics, and beyond it all is new again") {
  MessageFilterOptions options;
  options.changes = true;
  MessageFilter filter{options};
  auto message = with_payload("x");
  const auto changed = [&](const std::string& topic) {
    message.topic = topic;
    return filter.changed(payload::decode(message));
  };
  CHECK(changed("first"));
  const std::string longest(60'000, 't');
  for (int i = 0; i < 1'000; ++i) changed(longest + std::to_string(i));
  CHECK_FALSE(changed("first"));
  for (int i = 1'000; i < 1'200; ++i) changed(longest + std::to_string(i));
  CHECK(changed("first"));
}

TEST_CASE("with changes only what differs from the last message of its topic is wanted") {
  MessageFilterOptions options;
  options.changes = true;
  const auto sequence = [&](std::initializer_list<std::pair<const char*, std::string>> messages) {
    MessageFilter filter{options};
    std::string seen;
    for (const auto& [topic, payload] : messages) {
      auto message = with_payload(payload);
      message.topic = topic;
      seen += filter.changed(payload::decode(message)) ? '1' : '0';
    }
    return seen;
  };
  CHECK(sequence({{"a", "1"}, {"a", "1"}, {"b", "1"}, {"a", "2"}, {"a", "1"}, {"b", "1"}}) ==
        "101110");
  CHECK(sequence({{"a", ""}, {"a", ""}, {"a", "x"}}) == "101");
  const std::string large(100'000, 'x');
  CHECK(sequence({{"a", large}, {"a", large}, {"a", large + "y"}, {"a", "y" + large}}) == "1011");
  options.select = {"/n", "/m"};
  CHECK(sequence({{"a", R"({"n":1,"t":1})"},
                  {"a", R"({"n":1,"t":2})"},
                  {"a", R"({"m":1})"},
                  {"a", R"({"n":"1"})"},
                  {"a", "text"},
                  {"a", "other text"}}) == "101110");
  options.changes = false;
  CHECK(sequence({{"a", "1"}, {"a", "1"}}) == "11");
}

Message on_topic(const std::string& topic, const std::string& payload) {
  Message message;
  message.topic = topic;
  message.payload = payload;
  return message;
}

Clock::time_point at(std::chrono::milliseconds time) { return Clock::time_point{time}; }

/// A limit and what it lets be shown.
struct Limited {
  RateLimit limit;
  std::string shown{};

  void show(const Message& message, Clock::time_point now) {
    shown += message.topic + message.payload + " ";
    limit.shown(message.topic, now);
  }
  void come(const std::string& topic, const std::string& payload, int now) {
    const auto message = on_topic(topic, payload);
    if (!limit.holds_back(message, at(now * 1ms))) show(message, at(now * 1ms));
  }
  void take(Clock::time_point due, int now) {
    while (const auto message = limit.take(due)) show(*message, at(now * 1ms));
  }
};

TEST_CASE("of each topic the newest message is shown once its time has come") {
  Limited two{RateLimit{2.0}};
  two.come("a", "1", 0);
  two.come("a", "2", 100);
  two.come("b", "1", 100);
  two.come("a", "3", 400);
  CHECK(two.shown == "a1 b1 ");
  CHECK(two.limit.due() == at(500ms));
  two.take(at(499ms), 499);
  CHECK(two.shown == "a1 b1 ");
  two.take(at(500ms), 500);
  CHECK(two.shown == "a1 b1 a3 ");
  CHECK(two.limit.empty());
  CHECK_FALSE(two.limit.due());
  two.come("a", "4", 999);
  two.come("b", "2", 999);
  CHECK(two.shown == "a1 b1 a3 b2 ");
  two.come("a", "5", 1'001);  // It is due, but what was held back before it is not shown yet.
  two.take(at(1'001ms), 1'001);
  CHECK(two.shown == "a1 b1 a3 b2 a5 ");
}

TEST_CASE("at the end all that is held back is shown, and without a limit nothing is held back") {
  Limited slow{RateLimit{0.001}};
  for (const auto* topic : {"a", "b", "a", "b", "c"}) slow.come(topic, "", 0);
  CHECK(slow.shown == "a b c ");
  slow.take(Clock::time_point::max(), 1);
  CHECK(slow.shown == "a b c a b ");
  CHECK(slow.limit.empty());
  Limited none{RateLimit{std::nullopt}};
  for (const auto* topic : {"a", "a", "a"}) none.come(topic, "", 0);
  CHECK(none.shown == "a a a ");
}

TEST_CASE("what a limit keeps is bounded: what does not fit is shown before its time") {
  RateLimit limit{0.001};
  const std::string large(1'000'000, 'x');
  std::size_t early = 0;
  for (int i = 0; i < 100; ++i) {
    const auto topic = std::to_string(i);
    limit.shown(topic, at(i * 1ms));
    CHECK(limit.holds_back(on_topic(topic, large), at(i * 1ms)));
    while (limit.take(at(i * 1ms))) ++early;
  }
  CHECK(early >= 100 - RateLimit::most_bytes / large.size());
  CHECK(early < 50);
  // A giant is shown at once.
  limit.shown("giant", at(100ms));
  CHECK(limit.holds_back(on_topic("giant", std::string(RateLimit::most_bytes, 'x')), at(100ms)));
  CHECK(limit.due() < at(0ms) + 1ms);
  while (limit.take(at(100ms))) ++early;
  CHECK(early == 101);
  CHECK(limit.empty());
  // Of topics that say nothing more the oldest are forgotten.
  RateLimit topics{0.001};
  for (int i = 0; i < 300'000; ++i) topics.shown(std::to_string(i), at(0ms));
  CHECK_FALSE(topics.holds_back(on_topic("0", ""), at(0ms)));
  CHECK(topics.holds_back(on_topic("299999", ""), at(0ms)));
}

}  // namespace
}  // namespace mqtt_tools::run
