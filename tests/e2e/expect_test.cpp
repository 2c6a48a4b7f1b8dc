// SPDX-License-Identifier: MIT
//
// --expect, as a smoke test uses it.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

void send(const Broker& broker, const std::string& payload,
          std::initializer_list<std::string> words) {
  check_exit(run(broker.pub({"--raw", "-m", payload}).add(words)), 0);
}

/// A subscriber to "t" that is subscribed.
class Waiting {
 public:
  Waiting(Broker& broker, std::initializer_list<std::string> words)
      : process_(broker.sub({"t"}).add(words)) {
    REQUIRE(broker.wait_for_subscription("t"));
  }

  bool shows(const std::string& text) { return process_.wait_for_out(text); }
  bool running() const { return process_.running(); }
  Result result(milliseconds limit = patience) { return process_.wait(limit); }

 private:
  Process process_;
};

bool says(const Result& result, const std::string& text) {
  return result.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("an expectation is met by the message that contains it, whatever comes before") {
  Broker broker;
  Waiting waiting{broker, {"--expect", R"({"state":{"on":true}})", "-W", "30"}};
  for (const auto* payload :
       {R"({"state":{"on":false}})", "on", R"({"on":true})", "[true]", "\xff"}) {
    send(broker, payload, {"t"});
    REQUIRE(waiting.shows(std::string{payload} + "\n"));
    CHECK(waiting.running());
  }
  send(broker, R"({"id":1,"state":{"level":3,"on":true}})", {"t"});
  const auto result = waiting.result();
  check_exit(result, 0);
  CHECK(result.err.empty());
}

TEST_CASE("several expectations are met in any order, by one message or by several") {
  const std::vector<std::vector<std::string>> orders{
      {R"({"a":1})", R"({"b":"x"})", "[1,2]"},
      {"[1,2]", R"({"b":"x"})", R"({"a":1})"},
      {R"({"b":"x","a":1})", "0", "[1,2]"},
      {"[1,2]", "[1,2]", R"({"a":1})", R"({"b":"y"})", R"({"b":"x"})"},
  };
  for (const auto& order : orders) {
    CAPTURE(order.front());
    Broker broker;
    Waiting waiting{
        broker,
        {"-W", "30", "--expect", R"({"a":1})", "--expect", R"({"b":"x"})", "--expect", "[1,2]"}};
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      send(broker, order[i], {"t"});
      REQUIRE(waiting.shows(order[i] + "\n"));
      CHECK(waiting.running());
    }
    send(broker, order.back(), {"t"});
    check_exit(waiting.result(), 0);
  }
}

TEST_CASE("of several expectations those unmet are named, with what came instead") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    for (const auto* payload : {R"({"a":1})", R"({"b":3})", "something\x1b else"}) {
      session.publish("t", payload);
    }
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"t", "-W", "1", "--expect", R"({"a":1})", "--expect",
                                              R"({"b":2})", "--expect", "3"}));
  check_exit(result, 27);
  CHECK(says(result, R"({"b":2}, 3)"));
  CHECK(says(result, R"({"b":3})"));
  CHECK(says(result, R"(something\x1b else)"));
  // Not what was met.
  CHECK_FALSE(says(result, R"(met: {"a":1})"));
  // Whatever came is on stdout, met or not.
  CHECK(result.out == "{\"a\":1}\n{\"b\":3}\nsomething\x1b else\n");
}

TEST_CASE("a payload of text meets the JSON string of itself") {
  Broker broker;
  Waiting waiting{broker, {"--match", R"("ON")", "--expect", R"("ON")", "-W", "30"}};
  send(broker, "OFF", {"t"});
  send(broker, "ON", {"t"});
  const auto result = waiting.result();
  check_exit(result, 0);
  CHECK(result.out == "ON\n");
}

TEST_CASE("an expected number is met by that number alone, however large") {
  Broker broker;
  Waiting waiting{broker, {"--expect", "18446744073709551616", "--expect", "1e400", "-W", "30"}};
  for (const auto* other : {"18446744073709551617", "1e500", "1.8446744073709552e19"}) {
    send(broker, other, {"t"});
    CHECK(waiting.shows(other));
  }
  CHECK(waiting.running());
  send(broker, "18446744073709551616.0", {"t"});
  send(broker, "10e399", {"t"});
  check_exit(waiting.result(), 0);
}

TEST_CASE("an expectation that nothing came for says so") {
  Broker broker;
  const auto result = run(broker.sub({"t", "-W", "0.3", "--expect", R"({"a":1})"}));
  check_exit_within(result, 27, 2s);
  CHECK(says(result, R"({"a":1})"));
  CHECK(says(result, "0 messages"));
  CHECK_FALSE(says(result, "instead"));
  CHECK(result.out.empty());
}

TEST_CASE("a retained message meets an expectation, unless retained ones are left out") {
  Broker broker;
  send(broker, R"({"msg":"ok"})", {"t", "-r"});
  Waiting waiting{broker, {"-W", "30", "-R", "--expect", R"({"msg":"ok"})"}};
  send(broker, R"({"msg":"no"})", {"t"});
  REQUIRE(waiting.shows(R"({"msg":"no"})"));
  CHECK(waiting.running());
  send(broker, R"({"msg":"ok"})", {"t"});
  const auto result = waiting.result();
  check_exit(result, 0);
  CHECK(result.out == "{\"msg\":\"no\"}\n{\"msg\":\"ok\"}\n");
  check_exit(run(broker.sub({"t", "-W", "10", "--expect", R"({"msg":"ok"})"})), 0);
}

TEST_CASE("retained messages around do not stand in the way of an expectation") {
  Broker broker;
  for (int i = 0; i < 50; ++i) {
    send(broker, R"({"msg":"old"})", {"many/" + std::to_string(i), "-r"});
  }
  const auto result = run(broker.sub({"many/#", "-W", "20", "--expect", R"({"msg":"new"})"})
                              .add({"--on-ready", "mqtt-pub many/7 new"}));
  check_exit(result, 0);
  CHECK(result.out.find(R"({"msg":"new")") != std::string::npos);
}

TEST_CASE("while an expectation is unmet no other end is a success") {
  Broker broker;
  send(broker, "1", {"t", "-r"});
  const auto brief = std::to_string(0.4 * slowness);
  for (const auto& words : {std::vector<std::string>{"-C", "1"},
                            {"--duration", brief},
                            {"--idle-timeout", brief},
                            {"-W", brief},
                            {"-W", "30", "-C", "1"}}) {
    CAPTURE(Command{words}.text());
    auto command = broker.sub({"t", "--expect", "2"});
    for (const auto& word : words) command.add({word});
    const auto result = run(command);
    check_exit(result, 27);
    CHECK(says(result, "what came instead: 1"));
  }
  check_exit(run(broker.sub({"t", "--expect", "1", "--duration", "30"})), 0);
}

TEST_CASE("only messages that pass the filters can meet an expectation") {
  Broker broker;
  Waiting waiting{broker,
                  {"-T", "no/#", "u/#", "no/#", "--match", R"({"ok":true})", "--grep", "good",
                   "--expect", R"({"n":1})", "-W", "30"}};
  send(broker, R"({"n":1,"ok":true,"x":"good"})", {"no/1"});
  send(broker, R"({"n":1,"ok":false,"x":"good"})", {"u/1"});
  send(broker, R"({"n":1,"ok":true,"x":"bad"})", {"u/1"});
  send(broker, R"({"n":2,"ok":true,"x":"good"})", {"u/1"});
  REQUIRE(waiting.shows(R"("n":2)"));
  CHECK(waiting.running());
  send(broker, R"({"n":1,"ok":true,"x":"good"})", {"t"});
  const auto result = waiting.result();
  check_exit(result, 0);
  CHECK(result.out ==
        "{\"n\":2,\"ok\":true,\"x\":\"good\"}\n{\"n\":1,\"ok\":true,\"x\":\"good\"}\n");
}

TEST_CASE("a CI job expects states in order, and none that is forbidden") {
  const Broker broker;
  const auto job = [&](const std::string& messages) {
    return run(broker.sub({"-W", "5", "--expect", R"(/state == "up")", "--expect", "/n >= 3",
                           "--expect-in-order", "--forbid", R"(/level == "error")", "app/#",
                           "--on-ready", messages}));
  };
  const std::string publish = "mqtt-pub --raw app/x '";
  const auto fine = job(publish + R"({"n":5}' && )" + publish + R"({"state":"up"}' && )" + publish +
                        R"({"n":3}')");
  check_exit(fine, 0);
  CHECK(fine.err.empty());
  CHECK(fine.out == "{\"n\":5}\n{\"state\":\"up\"}\n{\"n\":3}\n");

  const auto forbidden = job(publish + R"({"level":"error","why":"disk"}')");
  check_exit_within(forbidden, 1, 3s);
  CHECK(forbidden.err ==
        "mqtt-sub: /level == \"error\" is forbidden, and came on app/x: "
        "{\"level\":\"error\",\"why\":\"disk\"}\n");
}

TEST_CASE("a filter without a message for the time of silence ends the run with 27") {
  const Broker broker;
  send(broker, "hi", {"a/x", "-r"});  // Comes at once.
  const auto result = run(broker.sub({"b", "a/#", "--silence", "0.4"}));
  check_exit_within(result, 27, 2s);
  CHECK(result.err == "mqtt-sub: no message on b for 0.4 s after 1 message\n");
}
