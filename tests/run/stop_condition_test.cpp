// SPDX-License-Identifier: MIT
#include "run/stop_condition.hpp"

#include "error.hpp"

#include "catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mqtt_tools::run {
namespace {

using namespace std::chrono_literals;

Clock::time_point at(Duration time) { return Clock::time_point{time}; }

/// Tells the condition of a message with this payload.
void come(StopCondition& condition, const std::string& payload, Duration time = 0s) {
  Message message;
  message.payload = payload;
  condition.count_shown();
  condition.consider(payload::decode(message), at(time));
}

/// A condition whose subscriptions were granted at 0 s.
StopCondition subscribed(const StopOptions& until) {
  StopCondition condition{until};
  condition.subscribed(at(0s));
  return condition;
}

StopOptions until(const std::function<void(StopOptions&)>& set) {
  StopOptions options;
  set(options);
  return options;
}

using Texts = std::vector<std::string>;

TEST_CASE("a subscriber that asked for nothing stays") {
  StopCondition condition = subscribed({});
  come(condition, "{}");
  CHECK_FALSE(condition.reached(at(1000h)));
  CHECK_FALSE(condition.due());
}

TEST_CASE("a subscriber that asked for two messages leaves after the second") {
  StopCondition condition = subscribed(until([](auto& options) { options.count = 2; }));
  come(condition, "1");
  CHECK_FALSE(condition.reached(at(1h)));
  come(condition, "2");
  CHECK(condition.reached(at(1h)));
  CHECK(condition.exit_code(at(1h)) == ExitCode::ok);
  CHECK(condition.explanation(at(1h)).empty());
}

TEST_CASE("clocks start when all subscriptions are granted and only then") {
  for (const auto& limit :
       {&StopOptions::timeout, &StopOptions::duration, &StopOptions::idle_timeout}) {
    StopCondition condition{until([&](auto& options) { options.*limit = 5s; })};
    CHECK_FALSE(condition.reached(at(1h)));
    CHECK_FALSE(condition.due());

    condition.subscribed(at(10s));
    condition.subscribed(at(12s));  // Again, after a reconnect.
    CHECK(condition.due() == at(15s));
    CHECK_FALSE(condition.reached(at(15s) - 1ns));
    CHECK(condition.reached(at(15s)));
  }
}

TEST_CASE("an idle timeout counts from the last message") {
  StopCondition condition = subscribed(until([](auto& options) { options.idle_timeout = 5s; }));
  come(condition, "1", 4s);
  CHECK_FALSE(condition.reached(at(8s)));
  CHECK(condition.due() == at(9s));
  CHECK(condition.reached(at(9s)));
  CHECK(condition.exit_code(at(9s)) == ExitCode::ok);
}

TEST_CASE("a limit beyond all clocks is none") {
  const StopCondition condition =
      subscribed(until([](auto& options) { options.timeout = Duration::max(); }));
  CHECK_FALSE(condition.reached(at(1000h)));
}

TEST_CASE("option -E leaves once subscribed") {
  StopCondition condition{until([](auto& options) { options.after_subscribe = true; })};
  CHECK_FALSE(condition.reached(at(1h)));
  condition.subscribed(at(1h));
  CHECK(condition.reached(at(1h)));
  CHECK(condition.exit_code(at(1h)) == ExitCode::ok);
}

TEST_CASE("the first live message ends a run that is after the retained ones") {
  Message retained;
  retained.retained = true;
  const Message live;

  StopCondition any = subscribed({});
  CHECK_FALSE(any.ends_before(live));
  CHECK_FALSE(any.reached(at(0s)));

  StopCondition condition = subscribed(until([](auto& options) { options.after_retained = true; }));
  CHECK_FALSE(condition.ends_before(retained));
  CHECK_FALSE(condition.reached(at(0s)));
  CHECK(condition.ends_before(live));
  CHECK(condition.reached(at(0s)));
  CHECK(condition.exit_code(at(0s)) == ExitCode::ok);
}

TEST_CASE("an expectation ends the run with success once it is met") {
  StopCondition condition = subscribed(until([](auto& options) {
    options.expect = {R"({"msg":"ok"})"};
    options.count = 5;
    options.timeout = 5s;
  }));
  come(condition, R"({"msg":"no"})");
  CHECK_FALSE(condition.reached(at(1s)));
  come(condition, R"({"msg":"ok","data":"now"})");
  CHECK(condition.reached(at(1s)));
  CHECK(condition.exit_code(at(6s)) == ExitCode::ok);
}

TEST_CASE("several expectations are met in any order and by one message or by several") {
  const auto options = until([](auto& all) {
    all.expect = {R"({"a":1})", R"({"b":2})", R"({"c":3})"};
  });
  StopCondition condition = subscribed(options);
  come(condition, R"({"b":2,"c":3})");
  CHECK_FALSE(condition.reached(at(0s)));
  come(condition, R"({"b":2})");
  CHECK_FALSE(condition.reached(at(0s)));
  come(condition, R"({"a":1})");
  CHECK(condition.reached(at(0s)));
  CHECK(condition.exit_code(at(0s)) == ExitCode::ok);
}

TEST_CASE("how each ending counts without an expectation, with one unmet and with one met") {
  struct Case {
    const char* what;
    std::function<void(StopOptions&)> set;
    int plain;
    int unmet;
    int met;
  };
  const Case cases[] = {
      {"count", [](auto& options) { options.count = 1; }, 0, 27, 0},
      {"timeout", [](auto& options) { options.timeout = 5s; }, 27, 27, 0},
      {"duration", [](auto& options) { options.duration = 5s; }, 0, 27, 0},
      {"idle", [](auto& options) { options.idle_timeout = 5s; }, 0, 27, 0},
      {"subscribed", [](auto& options) { options.after_subscribe = true; }, 0, 27, 0},
      {"count not reached in time",
       [](auto& options) {
         options.count = 2;
         options.timeout = 5s;
       },
       27, 27, 0},
      {"count not reached in a duration",
       [](auto& options) {
         options.count = 2;
         options.duration = 5s;
       },
       0, 27, 0},
      {"timeout before duration",
       [](auto& options) {
         options.timeout = 4s;
         options.duration = 5s;
       },
       27, 27, 0},
      {"duration before timeout",
       [](auto& options) {
         options.timeout = 5s;
         options.duration = 4s;
       },
       0, 27, 0},
      {"duration as long as timeout",
       [](auto& options) {
         options.timeout = 5s;
         options.duration = 5s;
       },
       27, 27, 0},
  };
  for (const auto& [what, set, plain, unmet, met] : cases) {
    CAPTURE(what);
    const auto code_of = [&, set = set](const Texts& expect) {
      StopOptions options = until(set);
      options.expect = expect;
      StopCondition condition = subscribed(options);
      come(condition, R"({"msg":"ok"})", 1s);
      REQUIRE(condition.reached(at(7s)));
      CHECK(condition.explanation(at(7s)).empty() == (condition.exit_code(at(7s)) == ExitCode::ok));
      return static_cast<int>(condition.exit_code(at(7s)));
    };
    CHECK(code_of({}) == plain);
    CHECK(code_of({R"({"msg":"other"})"}) == unmet);
    CHECK(code_of({R"({"msg":"ok"})"}) == met);
  }
}

TEST_CASE("a reader that leaves ends the run, badly only if something was expected") {
  StopCondition plain = subscribed(until([](auto& options) { options.count = 2; }));
  plain.reader_left();
  CHECK(plain.reached(at(0s)));
  CHECK(plain.exit_code(at(0s)) == ExitCode::ok);

  StopCondition expecting = subscribed(until([](auto& options) { options.expect = {"1"}; }));
  expecting.reader_left();
  CHECK(expecting.reached(at(0s)));
  CHECK(expecting.exit_code(at(0s)) == ExitCode::failure);
}

TEST_CASE("a user who leaves is not the reader of stdout, and what was expected is told") {
  StopCondition expecting = subscribed(until([](auto& options) { options.expect = {"1"}; }));
  expecting.quit();
  CHECK(expecting.reached(at(0s)));
  CHECK(expecting.exit_code(at(0s)) == ExitCode::failure);
  CHECK(expecting.explanation(at(0s)) == "quit with q after 0 messages; not met: 1");

  StopCondition plain = subscribed({});
  plain.quit();
  CHECK(plain.exit_code(at(0s)) == ExitCode::ok);
  CHECK(plain.explanation(at(0s)).empty());
}

TEST_CASE("what is said about each ending that is no success") {
  struct Case {
    StopOptions options;
    Texts payloads;
    const char* said;
  };
  const auto limits = [](std::optional<std::uint64_t> count, std::optional<Duration> timeout,
                         const Texts& expect) {
    StopOptions options;
    options.count = count;
    options.timeout = timeout;
    options.expect = expect;
    return options;
  };
  StopOptions lasting = limits({}, {}, {"1"});
  lasting.duration = 1500ms;
  StopOptions idle = limits({}, {}, {"1"});
  idle.idle_timeout = 2s;

  const Case cases[] = {
      {limits(1, 5s, {}), {}, "timed out after 5 s with 0 of 1 message"},
      {limits(3, 250ms, {}), {"a", "b"}, "timed out after 0.25 s with 2 of 3 messages"},
      {limits({}, 5s, {}), {"a"}, "timed out after 5 s with 1 message"},
      {limits({}, 5s, {"{\"a\":1}"}),
       {},
       "timed out after 5 s with 0 messages; not met: {\"a\":1}"},
      {limits({}, 5s, {"1", "2", "3"}),
       {"2", "4"},
       "timed out after 5 s with 2 messages; not met: 1, 3; what came instead: 4"},
      {limits(1, 5s, {"1"}), {"2"}, "left after 1 of 1 message; not met: 1; what came instead: 2"},
      {lasting, {}, "left after 1.5 s with 0 messages; not met: 1"},
      {idle, {"2"}, "no message for 2 s after 1 message; not met: 1; what came instead: 2"},
      {limits({}, 5s, {"1"}),
       {"a", "b", "", "d\x1b[0m"},
       "timed out after 5 s with 4 messages; not met: 1; what came instead: b | an empty payload | "
       "d\\x1b[0m"},
  };
  for (const auto& [options, payloads, said] : cases) {
    CAPTURE(said);
    StopCondition condition = subscribed(options);
    for (const auto& payload : payloads) {
      come(condition, payload);
    }
    CHECK(condition.explanation(at(9s)) == said);
  }
}

TEST_CASE("a long payload is told by its first 200 bytes and no torn character") {
  const auto excerpt = [](const std::string& payload) {
    StopCondition condition = subscribed(until([](auto& options) {
      options.expect = {"1"};
      options.timeout = 1s;
    }));
    come(condition, payload);
    const std::string text = condition.explanation(at(1s));
    return text.substr(text.rfind(": ") + 2);
  };
  const std::string x(200, 'x');
  CHECK(excerpt(x) == x);
  CHECK(excerpt(x + "y") == x + "...");
  CHECK(excerpt(x.substr(1) + "é") == x.substr(1) + "é");
  CHECK(excerpt(x.substr(2) + "éy") == x.substr(2) + "é...");
}

TEST_CASE("an expectation that is not JSON is refused by name") {
  CHECK_THROWS_AS(StopCondition{until([](auto& options) { options.expect = {"{"}; })}, UsageError);
  CHECK_THROWS_WITH(StopCondition{until([](auto& options) { options.expect = {"{"}; })},
                    Catch::Matchers::StartsWith("--expect: "));
}

TEST_CASE("expectations in order are met one after the other") {
  auto condition = subscribed(until([](auto& options) {
    options.expect = {R"(/n == 1)", R"(/n == 2)", R"(/n >= 1)"};
    options.in_order = true;
    options.timeout = 10s;
  }));
  come(condition, R"({"n":2})");
  come(condition, R"({"n":1})");
  CHECK_FALSE(condition.reached(at(1s)));
  come(condition, R"({"n":2})");  // meets the last, too, which comes behind it
  CHECK_FALSE(condition.reached(at(1s)));
  CHECK(condition.explanation(at(10s)) ==
        "timed out after 10 s with 3 messages; not met in order: /n >= 1; what came instead: "
        "{\"n\":2}");
  come(condition, R"({"n":1})");
  CHECK(condition.reached(at(1s)));
  CHECK(condition.exit_code(at(1s)) == ExitCode::ok);
}

TEST_CASE("a message that is forbidden ends the run at once with 1, whatever else was met") {
  auto condition = subscribed(until([](auto& options) {
    options.forbid = {R"(/level == "error")"};
    options.expect = {R"({"n":1})"};
  }));
  come(condition, R"({"n":0})");
  CHECK_FALSE(condition.reached(at(0s)));
  come(condition, R"({"n":1,"level":"error"})");
  CHECK(condition.reached(at(0s)));
  CHECK(condition.exit_code(at(0s)) == ExitCode::failure);
  CHECK(condition.explanation(at(0s)) ==
        "/level == \"error\" is forbidden, and came on : {\"n\":1,\"level\":\"error\"}");
}

TEST_CASE("a filter that is silent for too long ends the run with 27 and its name") {
  auto condition = subscribed(until([](auto& options) {
    options.silence = 5s;
    options.filters = {"a/#", "$share/g/b/+"};
  }));
  const auto message = [&](const std::string& topic, Duration time) {
    Message made;
    made.topic = topic;
    condition.count_shown();
    condition.consider(payload::decode(made), at(time));
  };
  message("a/x", 3s);
  message("b/x", 4s);
  CHECK(condition.due() == at(8s));
  message("a/x", 7s);
  CHECK_FALSE(condition.reached(at(8s)));
  CHECK(condition.reached(at(9s)));
  CHECK(condition.exit_code(at(9s)) == ExitCode::timeout);
  CHECK(condition.explanation(at(9s)) == "no message on $share/g/b/+ for 5 s after 3 messages");
}

/// A broker as RetainedEnd sees it. Times are milliseconds.
struct Asked {
  RetainedEnd end{10s};
  connection::Probes probes{};
  bool granted = true;
  std::vector<int> sent{};  ///< When each probe was.

  void look(int now) {
    if (!end.wants_probe(probes, granted, at(now * 1ms))) return;
    ++probes.sent;
    sent.push_back(now);
  }
  void retained(int now) {
    end.not_yet(at(now * 1ms));
    look(now);
  }
  void answer(int now, std::uint64_t which) {
    ++probes.answered;
    probes.latest = std::max(probes.latest, which);
    look(now);
  }

  /// Looks whenever that is due, as a run does; when it was over, or `limit`.
  int over(int limit = 100'000) {
    while (end.state() == RetainedEnd::State::coming) {
      const auto due =
          std::chrono::ceil<std::chrono::milliseconds>(end.due().value().time_since_epoch());
      if (due.count() > limit) return limit;
      look(static_cast<int>(due.count()));
    }
    return static_cast<int>(
        std::chrono::ceil<std::chrono::milliseconds>(end.due().value().time_since_epoch()).count());
  }
};

TEST_CASE("all that is retained has come once a probe that was sent in the quiet is answered") {
  Asked broker;
  broker.look(0);
  broker.retained(1'000);
  broker.answer(1'001, 1);
  CHECK(broker.over(1'200) == 1'200);
  broker.look(1'200);
  CHECK(broker.sent == std::vector<int>{0, 1'200});
  CHECK(broker.end.state() == RetainedEnd::State::coming);
  broker.answer(1'201, 2);
  CHECK(broker.end.state() == RetainedEnd::State::complete);
}

TEST_CASE("what is retained and comes behind an answer is waited for") {
  Asked broker;
  broker.look(0);
  broker.answer(1, 1);
  broker.over(200);
  broker.look(200);
  broker.retained(201);  // Before the answer, and what follows it, too.
  broker.answer(202, 2);
  broker.retained(300);
  CHECK(broker.end.state() == RetainedEnd::State::coming);
  broker.over(500);
  broker.look(500);
  broker.answer(501, 3);
  CHECK(broker.sent == std::vector<int>{0, 200, 500});
  CHECK(broker.end.state() == RetainedEnd::State::complete);
}

TEST_CASE("the quiet lasts for three round trips where these are long") {
  Asked broker;
  broker.granted = false;
  broker.look(0);
  broker.granted = true;
  broker.answer(3'000, 1);  // It was behind much else, which is no round trip.
  CHECK(broker.over(3'200) == 3'200);
  broker.look(3'200);
  broker.answer(3'600, 2);
  CHECK(broker.over() == 3'000 + 3 * 400);
  CHECK(broker.end.state() == RetainedEnd::State::complete);

  Asked slow;  // Asked again each second, before the first answer.
  slow.look(0);
  slow.look(1'000);
  slow.look(2'000);
  for (const std::uint64_t which : {1, 2, 3})
    slow.answer(1'500 + 1'000 * static_cast<int>(which), which);
  CHECK(slow.sent == std::vector<int>{0, 1'000, 2'000});
  CHECK(slow.over() == 3 * 2'500);
  CHECK(slow.end.state() == RetainedEnd::State::complete);
}

TEST_CASE("an answer that never came, as a later one did, tells that the broker drops packets") {
  Asked broker;
  broker.look(0);
  broker.retained(100);
  CHECK(broker.over(1'100) == 1'100);
  broker.look(1'100);
  CHECK(broker.sent == std::vector<int>{0, 1'100});
  broker.answer(1'101, 2);
  CHECK(broker.end.state() == RetainedEnd::State::dropped);
}

TEST_CASE("a broker that answers nothing has dropped packets once the limit is over") {
  Asked silent;
  silent.look(0);
  silent.retained(5'000);
  CHECK(silent.over() == 15'000);
  CHECK(silent.end.state() == RetainedEnd::State::dropped);
  CHECK(silent.sent.size() == 10);  // At 0, and each second from 6 to 14.
  // Nor is it complete without SUBACK.
  Asked ungranted;
  ungranted.granted = false;
  ungranted.look(0);
  ungranted.answer(1, 1);
  ungranted.look(1'001);
  ungranted.answer(1'002, 2);
  CHECK(ungranted.over() == 10'000);
  CHECK(ungranted.end.state() == RetainedEnd::State::dropped);
}

TEST_CASE("with a new connection the wait for what is retained begins anew") {
  Asked broker;
  broker.look(0);
  broker.look(1'000);
  broker.probes = {};
  broker.look(60'000);
  CHECK(broker.sent == std::vector<int>{0, 1'000, 60'000});
  broker.answer(60'001, 1);
  broker.over(60'200);
  broker.look(60'200);
  broker.answer(60'201, 2);
  CHECK(broker.end.state() == RetainedEnd::State::complete);
}

TEST_CASE("a run that has all that is retained leaves with 0, or with 27 for what did not come") {
  auto condition = subscribed({});
  condition.all_retained_came();
  CHECK(condition.reached(at(0s)));
  CHECK(condition.exit_code(at(0s)) == ExitCode::ok);
  auto unmet = subscribed(until([](auto& options) { options.expect = {"1"}; }));
  unmet.all_retained_came();
  CHECK(unmet.exit_code(at(0s)) == ExitCode::timeout);
  CHECK(unmet.explanation(at(0s)) == "left after 0 messages; not met: 1");
}

}  // namespace
}  // namespace mqtt_tools::run
