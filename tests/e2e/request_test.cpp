// SPDX-License-Identifier: MIT
//
// mqtt-pub --request, and mqtt-sub --exec --reply as the one who answers.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <algorithm>
#include <memory>
#include <regex>

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

/// Answers requests on "ask/#" until its life ends.
class Responder {
 public:
  Responder(Broker& broker, const std::string& command,
            std::initializer_list<std::string> words = {})
      : process_(broker.sub({"ask/#", "--reply", "--exec", command}).add(words)) {
    REQUIRE(broker.wait_for_subscription("ask/#"));
  }

  Process& process() { return process_; }

 private:
  Process process_;
};

const auto* const echo = R"(printf 'answer to '; cat)";

void ask_at_once(int count) {
  BrokerOptions options;
  options.lines = "max_inflight_messages 0\n";
  Broker broker{options};
  Responder responder{broker, echo, {"--jobs", "4"}};
  std::vector<std::unique_ptr<Process>> requests;
  for (int i = 0; i < count; ++i) {
    requests.push_back(std::make_unique<Process>(broker.pub(
        {"ask/" + std::to_string(i % 7), std::to_string(i), "--raw", "--request", "-W", "60"})));
  }
  for (int i = 0; i < count; ++i) {
    CAPTURE(i);
    const auto result = requests[static_cast<std::size_t>(i)]->wait(8 * patience);
    check_exit(result, 0);
    CHECK(result.out == "answer to " + std::to_string(i) + "\n");
  }
}

}  // namespace

TEST_CASE("25 requests at once each get their own answer") { ask_at_once(25); }

TEST_CASE("100 requests at once each get their own answer", "[.slow]") { ask_at_once(100); }

TEST_CASE("a responder answers what it took, though more requests wait than it wants") {
  Broker broker;
  Process witness{broker.sub({"back", "-C", "2"})};
  REQUIRE(broker.wait_for_subscription("back"));
  Process responder{broker.sub({"ask", "--reply", "--exec", "cat", "-C", "2"})};
  REQUIRE(broker.wait_for_subscription("ask"));
  check_exit(run(broker.pub({"ask", "-l", "--raw", "-D", "publish", "response-topic", "back"}),
                 sequence(1, 100)),
             0);
  check_exit(responder.wait(), 0);
  CHECK(witness.wait().out == sequence(1, 2));
}

TEST_CASE("a flood of requests is answered", "[.slow]") {
  BrokerOptions options;
  options.lines = "max_inflight_messages 0\n";
  for (const auto* qos : {"0", "1"}) {
    Broker broker{options};
    Process witness{broker.sub({"back", "-C", "4000"})};
    REQUIRE(broker.wait_for_subscription("back"));
    Process responder{broker.sub({"ask", "--reply", "--exec", "cat", "--jobs", "8"})};
    REQUIRE(broker.wait_for_subscription("ask"));
    check_exit(run(broker.pub({"ask", "-l", "--raw", "-q", qos, "-D", "publish", "response-topic",
                               "back"}),
                   sequence(1, 4000)),
               0);
    const auto result = witness.wait(8 * patience);
    check_exit(result, 0);
    WARN("QoS " << qos << ": " << result.duration.count() << " ms");
  }
}

TEST_CASE("requests with one response topic for all each get their own answer") {
  Broker broker;
  Responder responder{broker, echo, {"--jobs", "8"}};
  std::vector<std::unique_ptr<Process>> requests;
  for (int i = 0; i < 10; ++i) {
    requests.push_back(
        std::make_unique<Process>(broker.pub({"ask/x", std::to_string(i), "--raw", "--request",
                                              "--response-topic", "answers", "-W", "30"})));
  }
  for (int i = 0; i < 10; ++i) {
    const auto result = requests[static_cast<std::size_t>(i)]->wait();
    check_exit(result, 0);
    CHECK(result.out == "answer to " + std::to_string(i) + "\n");
  }
}

TEST_CASE("an answer is printed in any form") {
  Broker broker;
  Responder responder{broker, R"(printf '{"msg": "yes", "n": 1.0}')"};
  const auto answer = [&](std::initializer_list<std::string> words) {
    const auto result = run(
        broker.pub({"ask/x", "q", "--request", "--response-topic", "back", "-W", "30"}).add(words));
    check_exit(result, 0);
    return result.out;
  };
  CHECK(answer({}) == "{\"msg\": \"yes\", \"n\": 1.0}\n");
  CHECK(answer({"--select", "/n"}) == "1.0\n");
  CHECK(answer({"-F", "%t|%l"}) == "back|24\n");
  CHECK(answer({"-o", "pretty", "--color", "never"}).find("yes") != std::string::npos);
  CHECK(answer({"--decode", "hex", "-o", "raw"}).starts_with("7b226d73"));
  const TemporaryDirectory directory;
  const auto file = directory.write("config.toml", "output = \"json\"\n");
  CHECK(answer({"--config", file}).find(R"("topic":"back")") != std::string::npos);
  check_exit(run(broker.pub({"u", "no request", "--config", file})), 0);
  const auto record = answer({"-o", "json"});
  CHECK(record.find(R"("topic":"back")") != std::string::npos);
  CHECK(record.find(R"("value":{"msg":"yes","n":1.0})") != std::string::npos);
}

TEST_CASE("an answer without what --select asks for is no success") {
  Broker broker;
  Responder responder{broker, R"(printf '{"msg": "yes"}')"};
  const auto result = run(broker.pub({"ask/x", "q", "--request", "--select", "/n", "-W", "30"}));
  check_exit(result, 1);
  CHECK(result.err == "mqtt-pub: an answer lacks what --select asks for\n");
}

TEST_CASE("a request that nobody answers in time ends with 27") {
  Broker broker;
  const auto nobody = run(broker.pub({"nobody", "q", "--request", "-W", "0.5"}));
  check_exit_within(nobody, 27, 2s);
  CHECK(nobody.duration >= 500ms);
  CHECK(nobody.out.empty());
  CHECK(nobody.err.find("no answer to 1 of 1") != std::string::npos);

  // The time begins when the request is sent.
  check_exit(run(pub(free_port(), {"t", "q", "--request", "-W", "0.1", "--wait", "0.5"})), 3);
  ScriptBroker silent{[](Session& session) {
    session.accept_subscription();
    session.stay_silent();
  }};
  const auto unanswered = run(pub(silent.port(), {"t", "q", "--request", "-W", "0.5"}));
  check_exit_within(unanswered, 27, 2s);
  CHECK_THAT(unanswered.err, Contains("in time; 1 of 1 message was not acknowledged"));

  // One that is late, one that fails, and one that answers something else do not count.
  Responder responder{broker,
                      R"(case $(cat) in
    late) sleep 3 ;;
    bad) exit 3 ;;
    *) echo good ;;
  esac)",
                      {"--jobs", "9"}};
  check_exit_within(run(broker.pub({"ask/x", "late", "--raw", "--request", "-W", "0.5"})), 27, 2s);
  check_exit_within(run(broker.pub({"ask/x", "bad", "--raw", "--request", "-W", "0.5"})), 27, 2s);
  const auto good = run(broker.pub({"ask/x", "else", "--raw", "--request", "-W", "30"}));
  check_exit(good, 0);
  CHECK(good.out == "good\n\n");
  CHECK(responder.process().running());
}

TEST_CASE("an answer to another request is not taken for ours") {
  Broker broker;
  Process request{broker.pub({"ask/x", "q", "--request", "--response-topic", "back", "-W", "30",
                              "-D", "publish", "correlation-data", "mine"})};
  REQUIRE(broker.wait_for_subscription("back"));
  const auto answer = [&](const std::string& correlation, const std::string& payload) {
    check_exit(run(broker.pub(
                   {"back", payload, "--raw", "-D", "publish", "correlation-data", correlation})),
               0);
  };
  answer("other", "not this");
  answer("mine", "this");
  const auto result = request.wait();
  check_exit(result, 0);
  CHECK(result.out == "this\n");
}

TEST_CASE("an answer without correlation data is taken for that of the one request that is open") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker;
    // What was answered before we asked is no answer to us.
    check_exit(run(broker.pub({"q/r", "old", "--raw", "-r"})), 0);
    Process responder{
        broker.sub({"q", "-C", "1", "--exec", "mqtt-pub --raw q/r \"seen: $(cat)\""})};
    REQUIRE(broker.wait_for_subscription("q"));
    const auto result = run(broker.pub(
        {"q", "hi", "--raw", "-V", version, "--request", "--response-topic", "q/r", "-W", "30"}));
    check_exit(result, 0);
    CHECK(result.out == "seen: hi\n");
    CHECK(result.err.empty());
    check_exit(responder.wait(), 0);
  }
}

TEST_CASE("what came instead of an answer is said") {
  std::string mine;
  ScriptBroker broker{[&](Session& session) {
    const auto body = session.accept_subscription().body;
    mine = body.substr(5, body.size() - 6);  // Between identifier, properties, length and options.
    session.puback(session.expect(PacketType::publish));
    session.publish(mine, "one");
    session.publish(mine, "two");
    session.publish(mine, "x", 0, 0, encode_byte(0x09) + encode_text("other"));
    session.serve();
  }};
  const auto result = run(pub(broker.port(), {"q", "hi", "--request", "-i", "me", "-W", "1"}));
  check_exit(result, 27);
  REQUIRE(broker.wait_for_end());
  CHECK(mine.starts_with("reply/me/"));
  CHECK(result.out.empty());
  CHECK(result.err == "mqtt-pub: no answer to 1 of 1 request in time; on " + mine +
                          " came 2 messages without correlation data and 1 message with that of "
                          "another request\n");
}

TEST_CASE("a request that the broker denies does not wait for its answer") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.puback(session.expect(PacketType::publish), 0x87);
    session.serve();
  }};
  check_exit_within(run(pub(broker.port(), {"q", "hi", "--request"})), 5, 2s);
}

TEST_CASE("topics and payloads never become shell words") {
  const TemporaryDirectory directory;
  const auto topic = R"(ask/$(touch a);`touch b`|touch c&"'\ * ~ $HOME)"s;
  const auto payload = "$(touch d); `touch e` | touch f & \"'\\ * ~ $HOME\n-n -e\n%s%n"s;
  Broker broker;
  Process responder{broker.sub({"ask/#", "--reply", "--exec", R"(printf '%s|' "$MQTT_TOPIC"; cat)"})
                        .directory(directory.path().string())};
  REQUIRE(broker.wait_for_subscription("ask/#"));
  const auto result = run(broker.pub({topic, "-m", payload, "--raw", "--request", "-W", "30"}));
  check_exit(result, 0);
  CHECK(result.out == topic + "|" + payload + "\n");
  CHECK(directory.names().empty());
}

TEST_CASE("a command runs for each message, as many at once as --jobs says") {
  for (const int jobs : {1, 3}) {
    CAPTURE(jobs);
    const TemporaryDirectory directory;
    Broker broker;
    Process process{broker.sub({"t", "-C", "6", "--jobs", std::to_string(jobs)})
                        .add({"--exec",
                              "echo + >>log; until test -e go; do sleep 0.02; done; "
                              "echo - >>log"})
                        .directory(directory.path().string())};
    REQUIRE(broker.wait_for_subscription("t"));
    check_exit(run(broker.pub({"t", "-l", "--raw"}), sequence(1, 6)), 0);
    const auto started = [&] {
      const auto log = read_file(directory / "log");
      return std::count(log.begin(), log.end(), '+');
    };
    REQUIRE(eventually(patience, [&] { return started() == jobs; }));
    directory.write("go", "");
    check_exit(process.wait(), 0);
    int running = 0;
    int most = 0;
    for (const char c : read_file(directory / "log")) {
      if (c == '+') most = std::max(most, ++running);
      if (c == '-') --running;
    }
    CHECK(most == jobs);
    CHECK(running == 0);
    CHECK(started() == 6);
  }
}

TEST_CASE("a command has its message in stdin and environment, and its output goes to stdout") {
  Broker broker;
  Process process{
      broker.sub({"t", "-C", "1", "-V", "5", "-q", "2"})
          .add({"--exec",
                "cat; echo; echo $MQTT_TOPIC $MQTT_QOS $MQTT_RETAIN $MQTT_PAYLOADLEN "
                "$MQTT_CONTENT_TYPE $MQTT_RESPONSE_TOPIC $MQTT_CORRELATION_DATA_BASE64"})};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "--raw", "-q", "2", "-m", "a\x01 b"})
                     .add({"-D", "publish", "content-type", "text/plain"})
                     .add({"-D", "publish", "response-topic", "r/t"})
                     .add({"-D", "publish", "correlation-data", "id"})),
             0);
  const auto result = process.wait();
  check_exit(result, 0);
  CHECK(result.out == "a\x01 b\nt 2 0 4 text/plain r/t aWQ=\n");
}

// We keep to one of them while we are connected.
TEST_CASE("a command may use every processor that we may use") {
  const auto* const ask = "grep Cpus_allowed: /proc/self/status";
  Broker broker;
  Process process{broker.sub({"t", "-C", "1", "--exec", ask})};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "a"})), 0);
  const auto result = process.wait();
  check_exit(result, 0);
  CHECK(result.out == run(Command::shell(ask)).out);
}

TEST_CASE("a command that fails is said with its topic, and the run ends with 1") {
  Broker broker;
  Process process{broker.sub({"t", "-C", "3", "--exec", "test $(cat) != 2 || exit 9"})};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "-l", "--raw"}), sequence(1, 3)), 0);
  const auto result = process.wait();
  check_exit(result, 1);
  CHECK(std::regex_search(result.err, std::regex{"ended with 9 \\(message on t\\)"}));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("an answer that the broker denies, or does not acknowledge, is no success") {
  const auto asks = [](Session& session) {
    session.accept_subscription();
    session.publish("t", "x", 1, 1, encode_byte(0x08) + encode_text("answers"));
    return session.expect(PacketType::publish);
  };
  const auto answer = [](const ScriptBroker& broker) {
    return run(sub(broker.port(), {"t", "-C", "1", "--reply", "--exec", "cat", "--connect-timeout",
                                   "1", "--no-reconnect"}));
  };
  ScriptBroker denies{[&](Session& session) {
    session.puback(asks(session), 0x87);
    session.serve();
  }};
  check_exit(answer(denies), 5);
  ScriptBroker silent{[&](Session& session) {
    asks(session);
    session.stay_silent();
  }};
  const auto result = answer(silent);
  check_exit(result, 6);
  CHECK_THAT(result.err, Contains("1 of 1 message was not acknowledged in time"));
}

TEST_CASE("answers that a broker never acknowledges do not fill the memory") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    for (int i = 1; i <= 100; ++i) {
      session.publish("t", "x", 1, i, encode_byte(0x08) + encode_text("answers"));
    }
    session.stay_silent();
  }};
  const auto result = run(
      sub(broker.port(), {"t", "--reply", "--jobs", "4", "--exec", "head -c 1000000 /dev/zero"}));
  check_exit(result, 6);
  CHECK_THAT(result.err, Contains("not acknowledged, and no more can be kept"));
}
