// SPDX-License-Identifier: MIT
//
// One test for each exit code; each run ends within its limit and a second.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <utility>

using namespace mqtt_tools::support;

namespace {

ScriptBroker::Script refuse(int code) {
  return [code](Session& session) {
    session.expect(PacketType::connect);
    session.connack(code);
  };
}

}  // namespace

TEST_CASE("exit 0: all is done") {
  Broker broker;
  check_exit_within(run(broker.pub({"t", "hi", "-r"})), 0, 1s);
  check_exit_within(run(broker.sub({"t", "-C", "1"})), 0, 1s);
  check_exit_within(run({"mqtt-pub", "--help"}), 0, 1s);
  check_exit_within(run({"mqtt-sub", "--version"}), 0, 1s);
}

TEST_CASE("exit 1: a file cannot be read") {
  const auto result = run({"mqtt-pub", "t", "-f", "/nonexistent/file"});
  check_exit_within(result, 1, 1s);
  CHECK(result.out.empty());
  CHECK(result.err.find("/nonexistent/file") != std::string::npos);
}

TEST_CASE("exit 2: what cannot be is refused before connecting") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const std::vector<Command> commands{
      pub(broker.port(), {"a/+", "hi"}),
      pub(broker.port(), {"a/#", "hi"}),
      pub(broker.port(), {"", "hi"}),
      pub(broker.port(), {std::string(65'536, 't'), "hi"}),
      pub(broker.port(), {"t\xFF", "hi"}),
      pub(broker.port(), {"t", "hi\xFF"}),
      pub(broker.port(), {"t", "--json", "{nonsense"}),
      pub(broker.port(), {"t"}),
      pub(broker.port(), {"t"}).input(""),
      pub(broker.port(), {"t", "hi", "--nonsense"}),
      pub(broker.port(), {"t", "hi", "-q", "3"}),
      pub(broker.port(), {"t", "hi", "--field", "msg=x"}),
      pub(broker.port(), {"t", "hi", "-t", "again", "-m", "again"}),
      sub(broker.port(), {}),
      sub(broker.port(), {"a/#/b"}),
      sub(broker.port(), {"a+"}),
      sub(broker.port(), {"$share//t"}),
      sub(broker.port(), {"t", "-c"}),
      sub(broker.port(), {"t", "-W", "nan"}),
      sub(broker.port(), {"t", "-W", "-1"}),
      sub(broker.port(), {"t", "-C", "x"}),
      sub(broker.port(), {"t", "--match", "{nonsense"}),
  };
  for (const auto& command : commands) {
    CAPTURE(command.text());
    const auto result = run(command);
    check_exit_within(result, 2, 1s);
    CHECK(result.out.empty());
    CHECK_FALSE(result.err.empty());
  }
  CHECK(broker.connections() == 0);
}

TEST_CASE("each wrong use is answered with one line that says what would be right") {
  struct Row {
    std::vector<std::string> words;
    std::string line;
  };
  const std::string long_number = "1" + std::string(300, '0');
  const std::vector<Row> rows{
      {{"mqtt-pub", "-r1", "hello"}, "-r takes no value, and there is no option -1"},
      {{"mqtt-pub", "-v5", "hello"}, "-v takes no value, and there is no option -5"},
      {{"mqtt-sub", "-v1", "t"}, "-v takes no value, and there is no option -1"},
      {{"mqtt-pub", "t", "m", "-q", "0", "-q", "2"}, "--qos is given twice; leave one of them out"},
      {{"mqtt-pub", "t", "-f", "a", "-f", "b"}, "--file is given twice; leave one of them out"},
      {{"mqtt-pub", "--replay", "a", "--replay", "b"},
       "--replay is given twice; leave one of them out"},
      {{"mqtt-sub", "t", "--exec", "a", "--exec", "b"},
       "--exec is given twice; leave one of them out"},
      {{"mqtt-pub", "t", "m", "--time-format", "now"},
       "the time format \"now\" contains no time; known are iso (or rfc3339), unix, unix-ms and % "
       "with one of aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%, as in %H:%M:%S"},
      {{"mqtt-pub", "t", "m", "--time-format", "%Q"},
       "the time format \"%Q\" has the unknown conversion %Q; known are iso (or rfc3339), unix, "
       "unix-ms and % with one of aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%, as in %H:%M:%S"},
      {{"mqtt-pub", "t", "m", "--ack-timeout", "0"}, "--ack-timeout must be more than 0, not '0'"},
      {{"mqtt-pub", "t", "\xff", "--raw", "-D", "publish", "payload-format-indicator", "1"},
       "the message is not UTF-8 (byte 1), which payload-format-indicator 1 says that it is"},
      {{"mqtt-sub", "t", "--remove-retained", "-E"},
       "--remove-retained waits for messages, which -E does not"},
      {{"mqtt-sub", "t", "--exec", "x", "-F", "%p"},
       "--format says how messages are shown, but --exec hands them to a command instead"},
      {{"mqtt-pub", "t", "--json", "{bad}"},
       "the message is not JSON: column 2 of {bad}; strings and keys need double quotes; on a "
       "command line all of it needs single quotes: '{\"on\":true}'"},
      {{"mqtt-pub", "t", "--json", "{x:1}"},
       "the message is not JSON: column 2 of {x:1}; strings and keys need double quotes; on a "
       "command line all of it needs single quotes: '{\"on\":true}'"},
      {{"mqtt-pub", "t", "m", "--field", "a:=[1,]"},
       "the value of the field \"a\" is not JSON: column 4 of [1,]"},
      {{"mqtt-sub", "t", "--expect", "on"},
       "--expect: not JSON: column 1 of on; a string needs double quotes, and single ones around "
       "them on a command line: '\"on\"'"},
      {{"mqtt-pub", "\u2013t", "a", "m"}, "'\u2013t' begins with a dash that is not '-'; type -t"},
      {{"mqtt-pub", "\u2014retain", "a", "m"},
       "'\u2014retain' begins with a dash that is not '-'; type --retain"},
      {{"mqtt-pub", "-help"}, "-help: long names begin with two dashes; see --help"},
      {{"mqtt-sub", "-help"}, "-help: long names begin with two dashes; see --help"},
      {{"mqtt-pub", "help"}, "no message given for the topic 'help'; --help shows what there is"},
      {{"mqtt-pub", "-h"}, "--host needs HOST[:PORT] after it; help is --help"},
      {{"mqtt-pub", "t", "m", "--proxy", "x"},
       "unknown option --proxy; there is none for SOCKS; --http-proxy URL is for HTTP proxies"},
      {{"mqtt-sub", "t", "--tls-engine", "x"},
       "unknown option --tls-engine; there is none for keys in an OpenSSL engine; --key FILE takes "
       "a key in PEM"},
      {{"mqtt-sub", "t", "-S"},
       "unknown option -S; there is none for SRV records of DNS; repeat --host for brokers to try"},
      {{"mqtt-pub", "t", "m", "--hostname", "h"}, "unknown option --hostname; ours is --host HOST"},
      {{"mqtt-pub", "t", "m", "--keyform", "engine"},
       "unknown option --keyform; there is none for keys in an OpenSSL engine; --key FILE takes a "
       "key in PEM"},
      {{"mqtt-sub", "t", "--replay", "f"}, "unknown option --replay; mqtt-pub has it"},
      {{"mqtt-pub", "t", "m", "-D", "publish", "content-type", "a\xff"},
       "--property: property content-type is not UTF-8 (byte 2)"},
      {{"mqtt-pub", "t", "m", "-D", "publish", "content-type", "a\x01"},
       "--property: property content-type has a control character or noncharacter at byte 2: "
       "brokers close the connection for it"},
      {{"mqtt-sub", "t", "-h", "a:b:c"},
       "--host: host 'a:*': it is not an IPv6 address, and in any other host a ':' stands only "
       "before "
       "the port"},
      {{"mqtt-sub", "t", "--wait", long_number},
       "--wait must be at most 1000000000 seconds, not "
       "'100000000000000000000000000000000000000000000000000000000000...'"},
      {{"mqtt-sub", "t", "--wait", "5x"},
       "--wait must be a time in seconds or with the units d, h, m, s and ms, such as 2.5, 500ms "
       "or 1h30m, not '5x'"},
      {{"mqtt-sub", "t", "-k", "500ms"},
       "--keepalive must be a whole number of seconds from 0 to 65535, such as 30 or 2m, not "
       "'500ms'"},
  };
  const TemporaryDirectory nowhere;
  for (const auto& row : rows) {
    CAPTURE(row.words);
    const auto result = run(Command{row.words}.environment("HOME", nowhere.path().string()));
    check_exit_within(result, 2, 1s);
    CHECK(result.err == row.words[0] + ": " + row.line + "\n");
    CHECK(result.out.empty());
  }
}

TEST_CASE("exit 3: nobody listens, nobody answers, or the name is not known") {
  const auto refused = run(pub(closed_port(), {"t", "hi"}));
  check_exit_within(refused, 3, 1s);
  CHECK(refused.err.find("refused") != std::string::npos);

  const BlackHole hole;
  for (const auto& command : {pub(hole.port(), {"t", "hi"}), sub(hole.port(), {"t"})}) {
    const auto result = run(Command{command}.add({"--connect-timeout", "1"}));
    check_exit_within(result, 3, 2s);
    CHECK(result.err.find("127.0.0.1:" + std::to_string(hole.port())) != std::string::npos);
  }

  ScriptBroker silent{[](Session& session) { session.stay_silent(); }};
  check_exit_within(run(sub(silent.port(), {"t", "--connect-timeout", "1"})), 3, 2s);

  const auto unknown = run({"mqtt-pub", "-h", "no-such-host.invalid", "t", "hi"});
  check_exit(unknown, 3);
  CHECK(unknown.err.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("a subscription that is refused under MQTT 3.1.1 is denied, not malformed") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.suback(session.expect(PacketType::subscribe), {0x80});
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"t", "-V", "3.1.1"}));
  check_exit(result, 5);
  CHECK(result.err.find("refused without a reason") != std::string::npos);
}

TEST_CASE("a refusal under MQTT 3.1.1 is told in its words, and one for now is not final") {
  for (const auto& [code, words] : {std::pair{2, "client identifier not valid"},
                                    {4, "bad user name or password"},
                                    {5, "not authorized"}}) {
    ScriptBroker broker{refuse(code)};
    const auto result = run(pub(broker.port(), {"t", "hi", "-V", "3.1.1"}));
    check_exit(result, 4);
    CHECK(result.err.find(words) != std::string::npos);
  }
  ScriptBroker busy{refuse(3)};
  check_exit(run(pub(busy.port(), {"t", "hi", "-V", "3.1.1"})), 3);
}

TEST_CASE("exit 4: the broker refuses the connection") {
  for (const int code : {4, 5, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x95}) {
    CAPTURE(code);
    ScriptBroker broker{refuse(code)};
    check_exit_within(run(pub(broker.port(), {"t", "hi"})), 4, 1s);
    check_exit_within(run(sub(broker.port(), {"t", "--wait", "5"})), 4, 1s);
  }
  BrokerOptions options;
  options.users = {{"me", "right"}};
  Broker broker{options};
  check_exit_within(run(broker.pub({"t", "hi", "-u", "me", "-P", "wrong"})), 4, 1s);
  check_exit_within(run(broker.pub({"t", "hi", "-u", "me", "-P", "right"})), 0, 1s);
}

TEST_CASE("exit 5: the broker denies a message or a subscription") {
  BrokerOptions options;
  options.acl = "topic readwrite allowed\n";
  Broker broker{options};
  check_exit_within(run(broker.pub({"allowed", "hi"})), 0, 1s);
  const auto denied = run(broker.pub({"forbidden", "hi"}));
  check_exit_within(denied, 5, 1s);
  CHECK(denied.err.find("forbidden") != std::string::npos);

  ScriptBroker script{[](Session& session) {
    session.accept();
    session.suback(session.expect(PacketType::subscribe), {0x87});
    session.serve();
  }};
  const auto unsubscribed = run(sub(script.port(), {"some/filter"}));
  check_exit_within(unsubscribed, 5, 1s);
  CHECK(unsubscribed.err.find("some/filter") != std::string::npos);
}

TEST_CASE("exit 6: the connection is lost, or nothing is acknowledged") {
  ScriptBroker silent{[](Session& session) {
    session.accept();
    session.stay_silent();
  }};
  const auto unacknowledged = run(pub(silent.port(), {"t", "hi", "--ack-timeout", "1"}));
  check_exit_within(unacknowledged, 6, 2s);
  CHECK(unacknowledged.err.find('1') != std::string::npos);

  auto broker = std::make_unique<Broker>();
  Process waiting{broker->sub({"t", "--reconnect-for", "1"})};
  REQUIRE(broker->wait_for_subscription("t"));
  const auto lost = std::chrono::steady_clock::now();
  broker.reset();
  check_exit(waiting.wait(), 6);
  CHECK(std::chrono::steady_clock::now() - lost <= within(2s));

  broker = std::make_unique<Broker>();
  Process impatient{broker->sub({"t", "--no-reconnect"})};
  REQUIRE(broker->wait_for_subscription("t"));
  broker.reset();
  check_exit(impatient.wait(within(1s)), 6);
}

TEST_CASE("exit 27: the time ran out") {
  Broker broker;
  check_exit_within(run(broker.sub({"t", "-W", "0.5"})), 27, 1500ms);
  check_exit_within(run(broker.sub({"t", "-C", "1", "-W", "0.5"})), 27, 1500ms);
}

TEST_CASE("exit 129, 130 and 143: a signal") {
  Broker broker;
  for (const auto& [signal, code] : {std::pair{SIGHUP, 129}, {SIGINT, 130}, {SIGTERM, 143}}) {
    CAPTURE(signal);
    const auto filter = "t" + std::to_string(signal);
    Process process{broker.sub({filter})};
    REQUIRE(broker.wait_for_subscription(filter));
    process.signal(signal);
    check_exit(process.wait(within(1s)), code);
  }
}
