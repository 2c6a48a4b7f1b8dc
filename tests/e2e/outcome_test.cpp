// SPDX-License-Identifier: MIT
//
// mqtt-pub --require-subscriber, --stamp, --verify, -o json, and several topics.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <algorithm>
#include <regex>

using namespace mqtt_tools::support;

namespace {

/// What Python's JSON reader makes of each line of `text`: the members that do not change, in their
/// order.
std::string outcomes(const std::string& text) {
  const auto result = run({"/usr/bin/python3", "-c",
                           "import json, sys\n"
                           "for line in sys.argv[1].splitlines():\n"
                           "    record = json.loads(line)\n"
                           "    ms = record.pop('ms')\n"
                           "    assert ms is None or 0 <= ms < 60000, line\n"
                           "    print(*(f'{k}={json.dumps(v)}' for k, v in record.items()))\n",
                           text});
  return result.code == 0 ? result.out : result.err;
}

/// The values of a user property, one after another.
std::string values(const Packet& message, const std::string& key) {
  std::string found;
  const auto start = "\x26" + encode_text(key);
  const auto properties = message.properties();
  for (auto at = properties.find(start); at != std::string::npos;
       at = properties.find(start, at + 1)) {
    const auto value = at + start.size();
    found += properties.substr(value + 2, static_cast<unsigned char>(properties[value + 1])) + " ";
  }
  return found;
}

}  // namespace

TEST_CASE("a message without a subscriber ends with 7 where one is required") {
  Broker broker;
  const auto alone = run(broker.pub({"alone", "hi", "--require-subscriber"}));
  check_exit(alone, 7);
  CHECK(alone.err == "mqtt-pub: nobody subscribes to alone\n");
  check_exit(run(broker.pub({"alone", "hi"})), 0);

  Process subscriber{broker.sub({"heard/#", "-C", "4"})};
  REQUIRE(broker.wait_for_subscription("heard/#"));
  check_exit(run(broker.pub({"heard/a", "hi", "--require-subscriber"})), 0);
  // The others are published all the same.
  const auto some = run(broker.pub({"-l", "--topic-from-line", "--raw", "--require-subscriber"}),
                        "heard/a\t1\nalone/a\t2\nheard/b\t3\nalone/b\t4\nheard/c\t5\n");
  check_exit(some, 7);
  CHECK(some.err == "mqtt-pub: 2 of 5 messages had no subscriber, the first of them to alone/a\n");
  CHECK(subscriber.wait().out.ends_with("1\n3\n5\n"));
  // Nobody listens, so nobody will answer.
  check_exit_within(run(broker.pub({"alone", "hi", "--request", "--require-subscriber"})), 7, 2s);
}

TEST_CASE("also with QoS 2 a broker may say that nobody subscribes") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.pubrec(session.expect(PacketType::publish), 0x10);
    session.serve();
  }};
  check_exit(run(pub(broker.port(), {"t", "hi", "-q", "2", "--require-subscriber"})), 7);
}

TEST_CASE("a subscriber can only be required where a broker tells") {
  for (const auto& words :
       {Command{"mqtt-pub", "t", "hi", "-q", "0"}, Command{"mqtt-pub", "t", "hi", "-V", "3.1.1"}}) {
    auto command = words;
    check_exit(run(command.add({"--require-subscriber"})), 2);
  }
  ScriptBroker old{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0x01);
  }};
  const auto refused = run(pub(old.port(), {"t", "hi", "--require-subscriber"}));
  check_exit(refused, 4);
  CHECK(refused.err.find("--require-subscriber") != std::string::npos);
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.serve();
  }};
  const auto record = run(pub(broker.port(), {"--replay", "-", "--require-subscriber"}),
                          "{\"topic\":\"t\",\"qos\":0,\"payload\":\"x\"}\n");
  check_exit(record, 2);
  CHECK(record.err.find("record 1: with QoS 0 no broker says") != std::string::npos);
}

TEST_CASE("what became of each message is told in a line of JSON") {
  Broker broker;
  check_exit(run(broker.sub({"t", "-E", "-c", "-i", "kept"})), 0);
  const auto result =
      run(broker.pub({"-t", "t", "-t", "u\"\\é", "-l", "--raw", "-o", "json"}), "hello\n\n");
  check_exit(result, 0);
  CHECK(outcomes(result.out) ==
        R"(topic="t" qos=1 mid=1 bytes=5 reason=0 words="success")"
        "\n"
        R"(topic="u\"\\\u00e9" qos=1 mid=2 bytes=5 reason=16 words="no matching subscribers")"
        "\n"
        R"(topic="t" qos=1 mid=3 bytes=0 reason=0 words="success")"
        "\n"
        R"(topic="u\"\\\u00e9" qos=1 mid=4 bytes=0 reason=16 words="no matching subscribers")"
        "\n");
  CHECK(result.out.find("é") != std::string::npos);
  const auto unacknowledged = run(broker.pub({"t", "x", "-q", "0", "--raw", "-o", "json"}));
  CHECK(outcomes(unacknowledged.out) == "topic=\"t\" qos=0 bytes=1 reason=0 words=\"success\"\n");
  const auto exactly = run(broker.pub({"t", "x", "-q", "2", "--raw", "-o", "json", "-V", "3.1.1"}));
  CHECK(outcomes(exactly.out) == "topic=\"t\" qos=2 mid=1 bytes=1 reason=0 words=\"success\"\n");
}

TEST_CASE("also of a message that the broker denies or never answers a line tells") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.puback(session.expect(PacketType::publish), 0x87);
    session.serve();
  }};
  const auto denied = run(pub(broker.port(), {"t", "x", "--raw", "-o", "json"}));
  check_exit(denied, 5);
  CHECK(outcomes(denied.out).starts_with("topic=\"t\" qos=1 mid=1 bytes=1 reason=135 words=\"not"));

  ScriptBroker silent{[](Session& session) {
    session.accept();
    session.stay_silent();
  }};
  const auto lost =
      run(pub(silent.port(), {"t", "x", "--raw", "-o", "json", "--ack-timeout", "0.2"}));
  check_exit(lost, 6);
  const auto* const unanswered =
      "topic=\"t\" qos=1 bytes=1 reason=null words=\"not acknowledged\"\n";
  CHECK(outcomes(lost.out) == unanswered);
  Process interrupted{pub(silent.port(), {"t", "x", "--raw", "-o", "json"})};
  REQUIRE(silent.wait_for(PacketType::publish, 2));
  interrupted.signal(SIGTERM);
  const auto result = interrupted.wait();
  check_exit(result, 143);
  CHECK(outcomes(result.out) == unanswered);

  ScriptBroker small{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0, "\x24" + std::string(1, '\0'));  // Maximum QoS 0
    session.serve();
  }};
  const auto refused = run(pub(small.port(), {"t", "x", "--raw", "-o", "json"}));
  check_exit(refused, 5);
  CHECK(outcomes(refused.out).find("reason=null words=\"127.0.0.1:") != std::string::npos);
  CHECK(refused.out.find("\"ms\":null") != std::string::npos);
}

TEST_CASE("nothing of what became of messages acts on a terminal") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.send(encode_packet(PacketType::puback, 0,
                               encode_number(session.expect(PacketType::publish).id()) + "\x87" +
                                   encode_bytes("\x1f" + encode_text("\x1b[2J\u009b2J"))));
    session.serve();
  }};
  const auto result =
      run(pub(broker.port(), {"\u202et", "x", "-o", "json", "--no-reconnect"}).terminal_output());
  for (const auto* attack : {"\x1b", "\u009b", "\u202e"}) {
    CHECK(result.out.find(attack) == std::string::npos);
  }
  CHECK(result.out.find("\\u202et") != std::string::npos);
}

TEST_CASE("a reader that is slow or leaves keeps no message from being published") {
  Broker broker;
  Process subscriber{broker.sub({"t", "-C", "20000"})};
  REQUIRE(broker.wait_for_subscription("t"));
  const auto left =
      run(Command::shell("seq 20000 | { mqtt-pub -l --raw -t t -o json -h 127.0.0.1 "
                         "-p " +
                         broker.port_text() + "; echo code $? >&2; } | head -n 3"));
  CHECK(left.err.find("code 0") != std::string::npos);
  CHECK(std::count(left.out.begin(), left.out.end(), '\n') == 3);
  CHECK(subscriber.wait().out == sequence(1, 20'000));

  const auto all =
      run(Command::shell("seq 20000 | mqtt-pub -l --raw -t t -o json -h 127.0.0.1 -p " +
                         broker.port_text() + " | { sleep 0.3; wc -l; }"));
  CHECK(all.out == "20000\n");
}

TEST_CASE("each message goes to each topic") {
  Broker broker;
  Process subscriber{broker.sub({"s/#", "-C", "6", "-F", "%t %p"})};
  REQUIRE(broker.wait_for_subscription("s/#"));
  check_exit(run(broker.pub({"-t", "s/a", "-t", "s/b", "--raw", "hi"})), 0);
  check_exit(run(broker.pub({"-t", "s/a", "-t", "s/b", "--raw", "-l", "--window", "1"}), "1\n2\n"),
             0);
  CHECK(subscriber.wait().out == "s/a hi\ns/b hi\ns/a 1\ns/b 1\ns/a 2\ns/b 2\n");
  // The envelope is made once.
  ScriptBroker script{[](Session& session) { session.serve(); }};
  check_exit(
      run(pub(script.port(), {"-t", "a", "-t", "b", "-t", "c", "hi", "--time-format", "unix-ms"})),
      0);
  const auto messages = script.received(PacketType::publish);
  REQUIRE(messages.size() == 3);
  CHECK(messages[2].topic() == "c");
  CHECK(messages[0].payload() == messages[2].payload());
  for (const auto& wrong : {Command{"mqtt-pub", "-t", "a", "-t", "b/#", "m"},
                            Command{"mqtt-pub", "-t", "a", "-t", "", "m"}}) {
    check_exit(run(wrong), 2);
  }
}

TEST_CASE("a stamp says when a message was made, by which run, and as which on its topic") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const auto stamped = [&](Command command, const std::string& input) {
    const auto before = broker.received(PacketType::publish).size();
    check_exit(run(command.add({"--stamp", "--raw"}), input), 0);
    auto messages = broker.received(PacketType::publish);
    messages.erase(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(before));
    return messages;
  };
  const auto first = stamped(pub(broker.port(), {"-l", "--topic-from-line"}), "a\t1\nb\t2\na\t3\n");
  REQUIRE(first.size() == 3);
  CHECK(values(first[0], "seq") == "1 ");
  CHECK(values(first[1], "seq") == "1 ");
  CHECK(values(first[2], "seq") == "2 ");
  CHECK(first[0].payload() == "1");
  CHECK(std::regex_match(values(first[0], "run"), std::regex{"[0-9a-f]{8} "}));
  CHECK(values(first[0], "run") == values(first[2], "run"));
  CHECK(std::regex_match(values(first[0], "sent"),
                         std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z )"}));
  const auto second = stamped(pub(broker.port(), {"-t", "a", "-t", "b", "-l"}), "1\n2\n");
  REQUIRE(second.size() == 4);
  CHECK(values(second[3], "seq") == "2 ");
  CHECK(values(second[0], "run") != values(first[0], "run"));

  // Of the stamps of a recorded message and of this run only one can be meant.
  const auto replayed = run(pub(broker.port(), {"--replay", "-", "--stamp"}),
                            R"({"topic":"a","qos":1,"payload":"x","properties":{"user-properties":)"
                            R"([{"seq":"77"},{"k":"v"}]}})"
                            "\n");
  check_exit(replayed, 0);
  const auto last = broker.received(PacketType::publish).back();
  CHECK(values(last, "seq") == "1 ");
  CHECK(values(last, "k") == "v ");

  check_exit(run(pub(1, {"t", "x", "--stamp", "-V", "3.1.1"})), 2);
  check_exit(run(pub(1, {"t", "x", "--stamp", "-D", "publish", "user-property", "run", "x"})), 2);
}

TEST_CASE("a message that is sent again keeps its stamp") {
  ScriptBroker broker{{[](Session& session) {
                         session.accept();
                         session.expect(PacketType::publish);
                         session.close();
                       },
                       [](Session& session) { session.serve(); }}};
  check_exit(run(pub(broker.port(), {"t", "x", "--stamp", "--reconnect-max", "0.1"})), 0);
  const auto messages = broker.received(PacketType::publish);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].properties() == messages[1].properties());
}

TEST_CASE("a broker is verified by a message that comes back") {
  Broker broker;
  for (const auto* qos : {"0", "1", "2"}) {
    const auto result = run(broker.pub({"health", "--verify", "-q", qos}));
    check_exit(result, 0);
    CHECK(std::regex_match(result.out, std::regex{R"(\d+\.\d\d\n)"}));
    CHECK(result.err.empty());
  }
  check_exit(run(broker.pub({"health", "--verify", "-V", "3.1.1", "--raw"})), 0);
  // What was retained is not ours.
  check_exit(run(broker.pub({"health", "old", "-r"})), 0);
  check_exit(run(broker.pub({"health", "--verify", "-V", "3.1.1"})), 0);
}

TEST_CASE("a message that does not come back in time fails the verification") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.puback(session.expect(PacketType::publish));
    session.publish("health", "another");
    session.stay_silent();
  }};
  const auto result = run(pub(broker.port(), {"health", "--verify", "-W", "0.5"}));
  check_exit_within(result, 27, 2s);
  CHECK(result.out.empty());
  CHECK(result.err ==
        "mqtt-pub: the message to health did not come back within 0.5 s; 1 other message came\n");

  // Nor does it matter that a broker that answers nothing has not acknowledged it.
  ScriptBroker silent{[](Session& session) {
    session.accept_subscription();
    session.stay_silent();
  }};
  const auto unanswered = run(pub(silent.port(), {"health", "--verify", "-W", "0.5"}));
  check_exit_within(unanswered, 27, 2s);
  CHECK(unanswered.err ==
        "mqtt-pub: the message to health did not come back within 0.5 s; 1 of 1 message was not "
        "acknowledged\n");
  CHECK(silent.wait_for(PacketType::disconnect));

  ScriptBroker denied{[](Session& session) {
    session.accept();
    session.suback(session.expect(PacketType::subscribe), {0x87});
    session.serve();
  }};
  check_exit_within(run(pub(denied.port(), {"health", "--verify"})), 5, 2s);
  check_exit_within(run(pub(closed_port(), {"health", "--verify"})), 3, 2s);
}

TEST_CASE("what makes no sense beside a verification is refused") {
  for (const auto& words : std::vector<std::vector<std::string>>{{"hi"},
                                                                 {"-m", "hi"},
                                                                 {"-l"},
                                                                 {"-r"},
                                                                 {"--request"},
                                                                 {"-n"},
                                                                 {"-o", "json"},
                                                                 {"--repeat", "2"},
                                                                 {"--json"},
                                                                 {"-t", "b", "-t", "c"},
                                                                 {"-f", "/x"},
                                                                 {"--replay", "-"},
                                                                 {"--topic-from-line"}}) {
    CAPTURE(words);
    auto command = Command{"mqtt-pub", "--verify"};
    if (words.front() != "--replay" && words.front() != "-t") command.add({"-t", "health"});
    check_exit(run(command.add(words)), 2);
  }
}
