// SPDX-License-Identifier: MIT
//
// Which messages a subscriber asks for and which it keeps.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

using namespace mqtt_tools::support;

namespace {

/// What a subscriber to "t" shows of raw lines, up to "end".
std::string kept(std::initializer_list<std::string> words, const std::string& lines) {
  Broker broker;
  Process process{broker.sub({"t"}).add(words)};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "-l", "--raw"}), lines), 0);
  CHECK(process.wait_for_out("\"end\""));
  process.signal(SIGTERM);
  return process.wait().out;
}

/// The options byte of the first subscription (MQTT 5.0 §3.8.3.1) that these words make.
int options_of(std::initializer_list<std::string> words) {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(sub(broker.port(), {"t", "-E"}).add(words)), 0);
  const auto subscriptions = broker.received(PacketType::subscribe);
  REQUIRE(subscriptions.size() == 1);
  return static_cast<unsigned char>(subscriptions[0].body.back());
}

}  // namespace

TEST_CASE("messages are kept whose payload contains the JSON that was asked for") {
  const std::string lines =
      "{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}\n"
      "{\"a\":{\"b\":2}}\n"
      "{\"a\":1}\n"
      "text with {\"a\":{\"b\":1}}\n"
      "{\"a\":{\"b\":1.0},\"d\":[1,2]}\n"
      "[{\"a\":{\"b\":1}}]\n"
      "{\"a\":{\"b\":1},\"d\":[1],\"z\":\"end\"}\n";
  CHECK(kept({"--match", R"({"a":{"b":1}})", "--match", R"({"d":[1]})"}, lines) ==
        "{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}\n{\"a\":{\"b\":1},\"d\":[1],\"z\":\"end\"}\n");
  CHECK(kept({"--match", R"("end")"}, "\"END\"\n\"end\"\n") == "\"end\"\n");
}

TEST_CASE("messages are kept whose text matches") {
  CHECK(kept({"--grep", "^(error|warn)", "--grep", "disk.*\\d+%"},
             "error: disk 91%\nno error: disk 91%\nwarn disk full\n"
             "warn disk at 80% \"end\"\n") == "error: disk 91%\nwarn disk at 80% \"end\"\n");
  CHECK(kept({"--grep", "(?i)TEMP.é|end"}, "temp=é\ntemp=e\n\"end\"\n") == "temp=é\n\"end\"\n");
  CHECK(run(Command{"mqtt-sub", "t", "--grep", "("}).code == 2);
  CHECK(run(Command{"mqtt-sub", "t", "--match", "{"}).code == 2);
}

TEST_CASE("retained messages that are shown can be removed") {
  Broker broker;
  for (const auto* topic : {"r/1", "r/2", "keep/1", "r/no"}) {
    check_exit(run(broker.pub({topic, "x", "--raw", "-r"})), 0);
  }
  const auto result =
      run(broker.sub({"r/#", "-T", "r/no", "--remove-retained", "-C", "2", "-F", "%t"}));
  check_exit(result, 0);
  CHECK(result.out.size() == std::string{"r/1\nr/2\n"}.size());
  const auto left = run(broker.sub({"#", "--retained-only", "--idle-timeout", "1", "-F", "%t %p"}));
  CHECK(left.out.find("keep/1 x\n") != std::string::npos);
  CHECK(left.out.find("r/no x\n") != std::string::npos);
  CHECK(left.out.find("r/1") == std::string::npos);
  CHECK(left.out.find("r/2") == std::string::npos);
}

TEST_CASE("a retained message that may not be removed is no success") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.send(encode_packet(PacketType::publish, 1, encode_text("t") + encode_length(0) + "x"));
    session.puback(session.expect(PacketType::publish), 0x87);
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"t", "--remove-retained", "-C", "1"}));
  check_exit(result, 5);
  CHECK_THAT(result.err, Contains("a message was not published: to t: not authorized"));
}

TEST_CASE("a run that removes retained messages and wants fewer than there are ends") {
  Broker broker;
  std::string lines;
  for (int i = 0; i < 1'500; ++i) lines += "r/" + std::to_string(i) + "\tx\n";
  check_exit(run(broker.pub({"-l", "--topic-from-line", "--raw", "-r"}), lines), 0);
  const auto result = run(broker.sub({"r/#", "--remove-retained", "-C", "3"}));
  check_exit(result, 0);
  CHECK(result.out == "x\nx\nx\n");
  // All at once: more than wait anywhere between the broker and us.
  check_exit(run(broker.sub({"r/#", "--remove-retained", "-C", "1497"})), 0);
  check_exit(run(broker.sub({"r/#", "-C", "1", "-W", "0.5"})), 27);
}

TEST_CASE("removing retained messages leaves live ones alone") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.publish("t/live", "x");
    session.send(
        encode_packet(PacketType::publish, 1, encode_text("t/kept") + std::string(1, '\0') + "y"));
    session.serve();
  }};
  check_exit(run(sub(broker.port(), {"t/#", "--remove-retained", "-C", "2"})), 0);
  const auto sent = broker.received(PacketType::publish);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].topic() == "t/kept");
  CHECK(sent[0].payload().empty());
  CHECK(sent[0].retained());
}

TEST_CASE("subscription options go to the broker as they were asked for") {
  // MQTT 5.0 §3.8.3.1: QoS in bits 0 and 1, no local 2, retain as published 3, handling 4 and 5.
  CHECK(options_of({}) == 1);
  CHECK(options_of({"-q", "0"}) == 0);
  CHECK(options_of({"-q", "2"}) == 2);
  CHECK(options_of({"--no-local"}) == (1 | 4));
  CHECK(options_of({"--retain-as-published"}) == (1 | 8));
  CHECK(options_of({"--retain-handling", "always"}) == 1);
  CHECK(options_of({"--retain-handling", "new"}) == (1 | 16));
  CHECK(options_of({"--retain-handling", "never"}) == (1 | 32));
  CHECK(options_of({"--retain-handling", "never", "--no-local", "--retain-as-published", "-q",
                    "2"}) == (2 | 4 | 8 | 32));
}

TEST_CASE("retained messages come as the handling says, and live ones keep their flag if asked") {
  Broker broker;
  check_exit(run(broker.pub({"t", "old", "--raw", "-r"})), 0);
  const auto seen = [&](std::initializer_list<std::string> words) {
    const auto result = run(broker.sub({"t", "-F", "%r %p", "-W", "20"})
                                .add(words)
                                .add({"--expect", R"({"live":1})", "--on-ready",
                                      "mqtt-pub t --raw -r '{\"live\":1}'"}));
    check_exit(result, 0);
    check_exit(run(broker.pub({"t", "old", "--raw", "-r"})), 0);
    return result.out;
  };
  CHECK(seen({}) == "1 old\n0 {\"live\":1}\n");
  CHECK(seen({"--retain-handling", "never"}) == "0 {\"live\":1}\n");
  CHECK(seen({"--retain-as-published"}) == "1 old\n1 {\"live\":1}\n");
  // The session has the subscription already: it is not new, and the retained message does not
  // come.
  check_exit(run(broker.sub({"t", "-E", "-i", "known", "-c", "--retain-handling", "never"})), 0);
  CHECK(seen({"--retain-handling", "new", "-i", "known", "-c"}).find("old") == std::string::npos);
  CHECK(seen({"--retain-handling", "new"}) == "1 old\n0 {\"live\":1}\n");
}

TEST_CASE("a session's old subscriptions can be taken back first") {
  Broker broker;
  check_exit(run(broker.sub({"a/#", "b/#", "-E", "-i", "known", "-c"})), 0);
  check_exit(run(broker.pub({"a/1", "missed", "--raw"})), 0);
  Process process{broker.sub({"b/#", "-U", "a/#", "-i", "known", "-c", "-v", "-C", "2"})};
  REQUIRE(broker.wait_for_subscription("b/#", 2));
  REQUIRE(process.wait_for_out("a/1 missed\n"));
  check_exit(run(broker.pub({"a/2", "no more", "--raw"})), 0);
  check_exit(run(broker.pub({"b/1", "still", "--raw"})), 0);
  const auto result = process.wait();
  check_exit(result, 0);
  CHECK(result.out == "a/1 missed\nb/1 still\n");
}

TEST_CASE("a shared subscription gives each message to one of the group") {
  Broker broker;
  const std::string filter = "$share/group/s/#";
  Process one{broker.sub({filter})};
  Process two{broker.sub({filter})};
  Process alone{broker.sub({"s/#", "-C", "100"})};
  REQUIRE(broker.wait_for_subscription("s/#", 1));
  REQUIRE(broker.wait_for_subscription(filter, 2));
  const auto lines = sequence(1, 100);
  check_exit(run(broker.pub({"s/1", "-l", "--raw"}), lines), 0);
  CHECK(alone.wait().out == lines);
  CHECK(eventually(patience, [&] { return one.out_size() + two.out_size() >= lines.size(); }));
  one.signal(SIGTERM);
  two.signal(SIGTERM);
  const auto first = one.wait().out;
  const auto second = two.wait().out;
  CHECK_FALSE(first.empty());
  CHECK_FALSE(second.empty());
  const auto all = first + second;
  CHECK(all.size() == lines.size());
  for (int i = 1; i <= 100; ++i) {
    CHECK(("\n" + all).find("\n" + std::to_string(i) + "\n") != std::string::npos);
  }
}

TEST_CASE("what a run removes does not come back to it as an empty message") {
  Broker broker;
  const auto seen = [&](const char* version) {
    check_exit(run(broker.pub({"t/1", "x", "--raw", "-r"})), 0);
    return run(broker.sub({"t/#", "--remove-retained", "--idle-timeout", "1", "-F", "[%p]", "-V",
                           version}))
        .out;
  };
  CHECK(seen("5") == "[x]\n");
  CHECK(seen("3.1.1") == "[x]\n[]\n");  // It cannot be asked for.
}

TEST_CASE("a subscription asks for no local where it may") {
  const auto asked = [](std::initializer_list<std::string> words) {
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    check_exit(run(sub(broker.port(), {"-W", "0.1"}).add(words)), 27);
    return (broker.received(PacketType::subscribe).at(0).body.back() & 4) != 0;
  };
  CHECK(asked({"t", "--no-local"}));
  CHECK(asked({"t", "--remove-retained"}));
  CHECK_FALSE(asked({"t"}));
  CHECK_FALSE(asked({"$share/g/t", "--remove-retained"}));  // MQTT 5.0 §3.8.3.1 forbids it.
}

TEST_CASE("all that is retained comes from a broker that keeps only so many for us") {
  BrokerOptions options;
  options.lines = "max_queued_messages 1000\nmax_inflight_messages 20\n";
  Broker broker{options};
  std::string lines;
  for (int i = 0; i < 12'500; ++i) lines += "D/" + std::to_string(i) + "\tv\n";
  check_exit(run(broker.pub({"-l", "--topic-from-line", "--raw", "-r"}), lines), 0);
  const auto count = [&](std::initializer_list<std::string> words) {
    const auto result = run(broker.sub({"D/#", "--idle-timeout", "1"}).add(words), 4 * patience);
    check_exit(result, 0);
    return std::count(result.out.begin(), result.out.end(), '\n');
  };
  CHECK(count({"--retained-only"}) == 12'500);
  CHECK(count({"--remove-retained"}) == 12'500);
  CHECK(count({"--retained-only"}) == 0);
}

TEST_CASE("the QoS of retained messages is the one that was asked for") {
  const TemporaryDirectory directory;
  const auto file = directory.write("config.toml", "qos = 2\n");
  CHECK(options_of({"--retained-only"}) == 0);
  CHECK(options_of({"--retained-only", "--config", file}) == 0);
  CHECK(options_of({"--retained-only", "-q", "1"}) == 1);
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(sub(broker.port(), {"t", "--remove-retained", "-W", "0.1"})), 27);
  CHECK((broker.received(PacketType::subscribe).at(0).body.back() & 3) == 0);
}

TEST_CASE("live messages among retained ones neither end a run nor keep it going") {
  const auto publish = [](Session& session, bool retained, const std::string& payload) {
    session.send(encode_packet(PacketType::publish, retained ? 1 : 0,
                               encode_text("t") + std::string(1, '\0') + payload));
  };
  ScriptBroker broker{[=](Session& session) {
    session.accept_subscription();
    for (int i = 0; i < 100; ++i) {
      publish(session, false, "live");
      publish(session, true, "kept");
    }
    session.serve();
  }};
  const auto all = run(sub(broker.port(), {"t", "--retained-only", "--idle-timeout", "0.5"}));
  check_exit(all, 0);
  CHECK(std::count(all.out.begin(), all.out.end(), '\n') == 100);
  CHECK(all.out.find("live") == std::string::npos);
  CHECK(run(sub(broker.port(), {"t", "--retained-only"})).out.empty());

  ScriptBroker busy{[=](Session& session) {
    session.accept_subscription();
    publish(session, true, "kept");
    while (true) {
      publish(session, false, "live");
      std::this_thread::sleep_for(10ms);
    }
  }};
  const auto result = run(sub(busy.port(), {"t", "--retained-only", "--idle-timeout", "0.5"}));
  check_exit(result, 0);
  CHECK(result.out == "kept\n");
}

TEST_CASE("with changes a message that says the same again is neither shown nor counted") {
  const Broker broker;
  const std::string lines = "a\t1\na\t1\nb\t1\na\t2\n";
  const auto result =
      run(broker.sub({"+", "--changes", "-C", "3", "-W", "10", "-v", "-o", "raw", "--on-ready",
                      "printf '" + lines + "' | mqtt-pub --raw -l --topic-from-line"}));
  check_exit(result, 0);
  CHECK(result.out == "a 1\nb 1\na 2\n");
}

TEST_CASE("of each topic only so many messages a second are shown, and the newest at each ending") {
  std::atomic<bool> closes{false};
  ScriptBroker broker{[&](Session& session) {
    session.accept_subscription();
    int id = 0;
    for (const std::string message : {"a1", "a2", "b1", "a3", "b2", "a4"}) {
      session.publish(message.substr(0, 1), message.substr(1), 1, ++id);
    }
    while (id-- > 0) session.expect(PacketType::puback);
    if (closes) session.close();
    session.serve();
  }};
  const auto shown = [&](int code, std::initializer_list<std::string> words) {
    const auto result = run(sub(broker.port(), {"+", "--max-rate", "0.001"}).add(words));
    check_exit(result, code);
    return result.out;
  };
  const std::string all = "a 1\nb 1\na 4\nb 2\n";
  CHECK(shown(0, {"-v", "--idle-timeout", "1"}) == all);
  CHECK(shown(27, {"-v", "-W", "1"}) == all);
  CHECK(shown(0, {"-v", "-C", "2"}) == "a 1\nb 1\n");
  CHECK(shown(0, {"-v", "--expect", "4"}) == all);  // One that is held back is looked at, too.
  CHECK(shown(1, {"-v", "--forbid", "4"}) == all);
  CHECK(shown(0, {"--idle-timeout", "1", "--exec", "echo $MQTT_TOPIC; cat"}) == "a\n1b\n1a\n4b\n2");

  const auto before = broker.received(PacketType::puback).size();
  Process process{sub(broker.port(), {"+", "-v", "--max-rate", "0.001"})};
  REQUIRE(broker.wait_for(PacketType::puback, before + 6));
  process.signal(SIGTERM);
  const auto result = process.wait();
  check_exit(result, 128 + SIGTERM);
  CHECK(result.out == all);
  closes = true;
  CHECK(shown(6, {"-v", "--no-reconnect"}) == all);
}

TEST_CASE("what is held back is shown once its time has come, if it still says something new") {
  std::promise<void> shown;
  ScriptBroker broker{[&](Session& session) {
    session.accept_subscription();
    for (const auto* payload : {"1", "2", "1", "2", "3"}) session.publish("t", payload);
    shown.get_future().wait();
    session.publish("t", "3");
    session.publish("t", "4");
    session.serve();
  }};
  Process process{sub(broker.port(), {"t", "--max-rate", "2", "--changes"})};
  CHECK(process.wait_for_out("1\n3\n"));
  shown.set_value();
  CHECK(process.wait_for_out("4\n"));
  CHECK(process.out() == "1\n3\n4\n");
}
