// SPDX-License-Identifier: MIT
//
// mqtt-sub --stats: what a table says of messages whose way is known, and that it is always shown.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"
#include "support/server.hpp"

#include <signal.h>
#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

/// A network that loses, repeats and delays messages on their way to a client, by their payload.
class BadNetwork {
 public:
  struct Faults {
    std::vector<std::string> lost{};
    std::vector<std::string> repeated{};
    std::string late{};  ///< Comes behind `before`.
    std::string before{};
    std::string slow{};  ///< Comes after `delay`.
    milliseconds delay{};
  };

  BadNetwork(const Broker& broker, Faults faults)
      : faults_(std::move(faults)), server_([this, port = broker.port()](Channel& client) {
          Channel way{connect_to(port), server_.leaving()};
          PacketReader reader;
          const Change none = [](std::string bytes) { return bytes; };
          join(client, way, server_.leaving(), none, [&](const std::string& bytes) {
            reader.add(bytes);
            std::string out;
            while (const auto packet = reader.next()) out += passed_on(*packet);
            return out;
          });
        }) {}

  int port() const { return server_.port(); }

 private:
  std::string passed_on(const Packet& packet) {
    const auto bytes = encode_packet(packet.type, packet.flags, packet.body);
    if (packet.type != PacketType::publish) return bytes;
    const auto payload = packet.payload();
    const auto among = [&](const auto& list) {
      return std::find(list.begin(), list.end(), payload) != list.end();
    };
    if (among(faults_.lost)) return "";
    if (among(faults_.repeated)) return bytes + bytes;
    if (payload == faults_.slow) std::this_thread::sleep_for(faults_.delay);
    if (payload == faults_.late) {
      held_ = bytes;
      return "";
    }
    return payload == faults_.before ? bytes + held_ : bytes;
  }

  Faults faults_;
  std::string held_{};
  Server server_;
};

std::string lines(const std::string& start, int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += start + std::to_string(i) + "\n";
  return text;
}

/// What Python's json makes of a line; "valid" for the expression `d` when that holds.
std::string judged(const std::string& line, const std::string& condition) {
  return run(Command{"python3", "-c",
                     "import json,sys\nd=json.loads(sys.stdin.read())\n"
                     "print('valid' if " +
                         condition + " else d)"},
             line)
      .out;
}

std::string stamp(const std::string& sent, const std::string& run, const std::string& seq) {
  const auto property = [](const std::string& name, const std::string& value) {
    return "\x26"s + encode_text(name) + encode_text(value);
  };
  return property("sent", sent) + property("run", run) + property("seq", seq);
}

/// A time so many seconds before now.
std::string ago(long seconds) {
  const std::time_t time = std::time(nullptr) - seconds;
  std::tm fields{};
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time, &fields));
  return text;
}

/// Publishes stamped lines to "t".
Command publisher(const Broker& broker) {
  return broker.pub({"t", "-l", "--raw", "--stamp", "--quiet"});
}

}  // namespace

TEST_CASE("statistics tell exactly what the network lost, repeated and reordered") {
  Broker broker;
  BadNetwork network{broker,
                     {.lost = {"a3", "a4", "b2"},
                      .repeated = {"a6", "b5", "b7"},
                      .late = "a8",
                      .before = "a10",
                      .slow = "b19",
                      .delay = 300ms}};
  Process subscriber{
      sub(network.port(), {"t", "-q", "0", "--stats", "-o", "json", "-C", "40", "-W", "15"})};
  REQUIRE(broker.wait_for_subscription("t"));
  Process one{publisher(broker).input(lines("a", 20))};
  Process other{publisher(broker).input(lines("b", 20))};
  check_exit(one.wait(), 0);
  check_exit(other.wait(), 0);
  const auto result = subscriber.wait();
  check_exit(result, 0);
  CHECK(result.err.find("clock skew") == std::string::npos);
  CHECK(judged(result.out,
               "len(d['topics']) == 1 and d['messages'] == 40 and d['bytes'] == 102 and "
               "all(x['gaps'] == 3 and x['repeats'] == 3 and x['messages'] == 40 "
               "and x['latency']['messages'] == 40 and x['latency']['max'] >= 300 "
               "and 0 < x['latency']['min'] <= x['latency']['p50'] <= x['latency']['p95'] "
               "<= x['latency']['p99'] <= x['latency']['max'] and x['size'] == "
               "{'min': 2, 'mean': 2.55, 'max': 3} for x in (d, d['topics'][0]))") == "valid\n");
}

TEST_CASE("statistics of a good network have neither gaps nor repeats") {
  Broker broker;
  Process subscriber{broker.sub({"#", "--stats", "-C", "200", "-W", "15"})};
  REQUIRE(broker.wait_for_subscription("#"));
  Process one{publisher(broker).input(lines("a", 100))};
  check_exit(run(publisher(broker), lines("b", 100)), 0);
  check_exit(one.wait(), 0);
  const auto result = subscriber.wait();
  check_exit(result, 0);
  CHECK(result.err.empty());
  std::istringstream words{result.out.substr(result.out.find("\ntotal"))};
  std::vector<std::string> total;
  for (std::string word; words >> word;) total.push_back(word);
  REQUIRE(total.size() == 14);
  CHECK(total[1] == "200");
  CHECK(total[12] == "0");
  CHECK(total[13] == "0");
}

TEST_CASE("SIGUSR1 shows a table and the run goes on, and without statistics it ends the run") {
  Broker broker;
  Process subscriber{broker.sub({"t", "--stats", "-o", "json"})};
  REQUIRE(broker.wait_for_subscription("t"));
  for (int tables = 1; tables <= 3; ++tables) {  // Also while nothing else happens.
    subscriber.signal(SIGUSR1);
    CHECK(subscriber.wait_for_out("\"messages\":0,", patience, tables));
  }
  check_exit(run(broker.pub({"-t", "t", "-m", "x", "--repeat", "2"})), 0);
  CHECK(eventually(patience, [&] {
    subscriber.signal(SIGUSR1);
    return subscriber.wait_for_out("\"messages\":2,", 100ms);
  }));
  subscriber.signal(SIGINT);
  check_exit(subscriber.wait(), 130);

  Process plain{broker.sub({"u"})};
  REQUIRE(broker.wait_for_subscription("u"));
  plain.signal(SIGUSR1);
  check_exit(plain.wait(), 128 + SIGUSR1);
}

TEST_CASE("tables come each interval, with a blank line between") {
  Broker broker;
  Process subscriber{broker.sub({"t", "--stats=0.2"})};
  REQUIRE(broker.wait_for_subscription("t"));
  CHECK(subscriber.wait_for_out("total", patience, 3));
  subscriber.signal(SIGTERM);
  const auto result = subscriber.wait();
  check_exit(result, 143);
  std::istringstream out{result.out};
  int at = 0;
  for (std::string line; std::getline(out, line); ++at) {
    CAPTURE(at, line);
    CHECK(line.substr(0, 6) == (at % 3 == 0 ? "topic " : at % 3 == 1 ? "total " : ""));
  }
  CHECK(at % 3 == 2);
  CHECK(at >= 11);  // The last one is that of the end.
}

TEST_CASE("a reader of tables that leaves after a line ends the run with 0 and no word") {
  Broker broker;
  const auto result = run({"bash", "-c",
                           "set -o pipefail; mqtt-sub -h 127.0.0.1 -p " + broker.port_text() +
                               " --stats=0.1 t | head -1"});
  check_exit(result, 0);
  CHECK(result.out.find("topic (0.") == 0);
  CHECK(result.err.empty());
}

TEST_CASE("the table is shown however a run ends") {
  struct Ending {
    std::vector<std::string> words;
    int signal;
    int code;
  };
  const std::vector<Ending> endings{
      {{"-C", "1"}, 0, 0},
      {{"-W", "1"}, 0, 27},
      {{"--duration", "1"}, 0, 0},
      {{"--idle-timeout", "1"}, 0, 0},
      {{"--silence", "1"}, 0, 27},
      {{"--forbid", "\"x\""}, 0, 1},
      {{"--expect", "\"x\""}, 0, 0},
      {{}, SIGINT, 130},
      {{}, SIGTERM, 143},
      {{}, SIGHUP, 129},
      {{"--no-reconnect"}, SIGUSR2, 6},  // Stands for the end of the broker.
  };
  for (const auto& ending : endings) {
    Broker broker;
    check_exit(run(broker.pub({"t", "x", "--raw", "-r"})), 0);  // Comes at once.
    Process subscriber{broker.sub({"t", "--stats", "-o", "json"}).add(ending.words)};
    CAPTURE(ending.words, ending.signal);
    REQUIRE(broker.wait_for_subscription("t"));
    if (ending.signal != 0) {
      CHECK(eventually(patience, [&] {
        subscriber.signal(SIGUSR1);
        return subscriber.wait_for_out("\"messages\":1,", 100ms);
      }));
    }
    if (ending.signal == SIGUSR2) {
      broker.kill();
    } else if (ending.signal != 0) {
      subscriber.signal(ending.signal);
    }
    const auto result = subscriber.wait();
    check_exit(result, ending.code);
    const auto last = result.out.rfind('\n', result.out.size() - 2);
    const auto line = last == std::string::npos ? result.out : result.out.substr(last + 1);
    CHECK(line.find("\"topics\":[{\"topic\":\"t\",\"messages\":1,\"bytes\":1,") !=
          std::string::npos);
    CHECK(line.back() == '\n');
  }
}

TEST_CASE("what is filtered out is neither counted nor a gap") {
  Broker broker;
  Process subscriber{broker.sub(
      {"t", "u", "-T", "u", "--grep", "[02468]$", "--stats", "-o", "json", "-C", "5", "-W", "15"})};
  REQUIRE(broker.wait_for_subscription("u"));
  check_exit(run(broker.pub({"-t", "u", "-t", "t", "-l", "--raw", "--stamp"}), lines("", 10)), 0);
  const auto result = subscriber.wait();
  check_exit(result, 0);
  CHECK(judged(result.out,
               "len(d['topics']) == 1 and d['messages'] == 5 and d['gaps'] == 0 and "
               "d['repeats'] == 0 and d['latency']['messages'] == 5") == "valid\n");
}

TEST_CASE("statistics of hostile stamps are said, and never absurd") {
  const auto sent = "2026-11-28T10:00:00.000000Z"s;
  ScriptBroker broker{[&](Session& session) {
    session.accept_subscription();
    const auto publish = [&](const std::string& properties, const std::string& topic = "t") {
      session.publish(topic, "x", 0, 1, properties);
    };
    publish(stamp("2999-01-01T00:00:00Z", "0000000a", "1"));
    publish(stamp("1970-01-01T00:00:00Z", "0000000a", "2"));
    publish(stamp("now", "0000000a", "18446744073709551615"));
    publish(stamp("", "0000000a", "18446744073709551616"));
    publish(stamp("", "0000000a", "-1"));
    publish(stamp("", "0000000a", "0"));
    publish(stamp("", "", ""));
    publish("");  // Not stamped at all.
    publish(stamp(std::string(60'000, '9'), std::string(60'000, 'f'), std::string(60'000, '1')));
    publish(stamp("", "0000000a", "4"));
    for (int i = 0; i < 3'000; ++i) {
      const auto number = std::to_string(i);
      publish(stamp(sent, std::string(8 - number.size(), '0') + number, "7"),
              "t/" + std::to_string(i % 2));
    }
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"#", "--stats", "-o", "json", "-C", "3010"}));
  check_exit(result, 0);
  CHECK(judged(result.out,
               "d['messages'] == 3010 and d['gaps'] == 1 and d['repeats'] == 0 and "
               "[x['topic'] for x in d['topics']] == ['t', 't/0', 't/1'] and "
               "d['topics'][0]['unusable'] == 9 and 'latency' not in d['topics'][0]") == "valid\n");
  for (const auto* note : {"stamps could not be used (t)", "1 number (seq) lay further than",
                           "runs of more than can be kept were forgotten (t/"}) {
    CAPTURE(note, result.err);
    CHECK(result.err.find(note) != std::string::npos);
  }
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 3);
}

TEST_CASE("percentiles of latencies are those of a full sort to 1 %") {
  // Latencies so long that the way here does not count: 1,000 s and more.
  std::vector<long> latencies;
  std::mt19937 random{5};
  std::exponential_distribution<double> spread{1.0 / 20'000};
  for (int i = 0; i < 1'500; ++i) latencies.push_back(1'000 + static_cast<long>(spread(random)));
  ScriptBroker broker{[&](Session& session) {
    session.accept_subscription();
    for (std::size_t i = 0; i < latencies.size(); ++i) {
      session.publish("t", "x", 0, 1, stamp(ago(latencies[i]), "0000000a", std::to_string(i + 1)));
    }
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"t", "--stats", "-j", "-C", "1500"}));
  check_exit(result, 0);
  auto sorted = latencies;
  std::sort(sorted.begin(), sorted.end());
  for (const std::size_t percent : {50U, 95U, 99U, 100U}) {
    const auto name = percent == 100 ? "max"s : "p" + std::to_string(percent);
    CAPTURE(name, result.out);
    const auto exact = 1e3 * static_cast<double>(sorted[15 * percent - 1]);  // Nearest rank.
    const auto at = result.out.find("\"" + name + "\":", result.out.find("latency"));
    const auto found = std::stod(result.out.substr(at + name.size() + 3));
    CHECK(std::abs(found - exact) <= exact / 100 + 1'000);  // Stamps here are whole seconds.
  }
}

TEST_CASE("a publisher whose clock is a minute ahead is named, once a run") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    for (int i = 1; i <= 3; ++i) {
      session.publish("t", "x", 0, 1, stamp(ago(-60), "0000000a", std::to_string(i)));
    }
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"#", "--stats", "-C", "3"}));
  check_exit(result, 0);
  CHECK(result.err.find("mqtt-sub: clock skew: 3 messages came before being sent, by up to ") == 0);
  CHECK(result.err.find("(t); the publisher's clock is ahead") != std::string::npos);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  const auto quiet = run(sub(broker.port(), {"#", "--stats", "-C", "3", "--quiet"}));
  check_exit(quiet, 0);
  CHECK(quiet.err.empty());
}

TEST_CASE("on a terminal a table fits its width, in a pipe it is whole") {
  Broker broker;
  for (const auto* topic : {"house/cellar/heating/boiler/temperature/outlet", "a",
                            "\u6e29\u5ea6/\u6e29\u5ea6/\u6e29\u5ea6/\u6e29\u5ea6/\u6e29\u5ea6"}) {
    check_exit(run(broker.pub({topic, "message", "-r"})), 0);
  }
  const auto words = " -h 127.0.0.1 -p " + broker.port_text() + " --stats -C 3 -W 15 '#'";
  const auto shown = run(Command::shell("stty cols 50; exec mqtt-sub" + words)
                             .environment("TERM", "xterm")
                             .terminal_input()
                             .terminal_output());
  check_exit(shown, 0);
  CHECK(shown.out.find("\x1b[2m") == 0);  // The heading.
  CHECK(shown.out.find("house/cellar/h") != std::string::npos);
  CHECK(shown.out.find("\u2026") != std::string::npos);
  CHECK(shown.out.find("min B") == std::string::npos);
  CHECK(shown.err.find("too narrow for min B") != std::string::npos);
  std::istringstream out{shown.out.substr(shown.out.find('\n') + 1)};
  for (std::string line; std::getline(out, line);) CHECK(line.size() <= 50 + 4 * 2 * 3);

  const auto piped = run(Command::shell("mqtt-sub" + words));
  check_exit(piped, 0);
  CHECK(piped.err.empty());
  CHECK(piped.out.find("house/cellar/heating/boiler/temperature/outlet  ") != std::string::npos);
  CHECK(piped.out.find("max B") != std::string::npos);
}

TEST_CASE("a terminal that becomes narrower gets narrower tables") {
  Broker broker;
  TemporaryDirectory directory;
  Process subscriber{
      Command::shell("tty >'" + (directory / "name") +
                     "'; stty cols 120; exec mqtt-sub --color never -h 127.0.0.1 -p " +
                     broker.port_text() + " --stats=0.1 t")
          .terminal_input()
          .terminal_output()};
  REQUIRE(subscriber.wait_for_out("max B"));
  const auto name = read_file(directory / "name");
  run(Command{"stty", "-F", name.substr(0, name.find('\n')), "cols", "40"});
  CHECK(subscriber.wait_for_err("too narrow for min B"));
  subscriber.signal(SIGTERM);
  const auto result = subscriber.wait();
  check_exit(result, 143);
  const auto last = result.out.substr(result.out.rfind("topic ("));
  CHECK(last.find('\n') <= 41);  // With the terminal's return.
}

TEST_CASE("a reader that takes no table holds no message back, and what is missing is said") {
  Broker broker;
  std::string input;
  for (int i = 0; i < 3'000; ++i) {
    input += "topic/with/a/long/name/" + std::to_string(i) + "\tx\n";
  }
  auto pipe = make_pipe();
  Process subscriber{broker.sub({"#", "--stats=0.05", "-C", "3000"}).output_to(pipe.write.get())};
  pipe.write.close();
  REQUIRE(broker.wait_for_subscription("#"));
  check_exit(run(broker.pub({"-l", "--topic-from-line", "--raw"}), input), 0);
  REQUIRE(broker.wait_for_log(" disconnected", patience, 2));  // All is counted.
  subscriber.signal(SIGTERM);
  const auto result = subscriber.wait(within(2s));
  check_exit(result, 143);
  CHECK(result.err == "mqtt-sub: the table of --stats was not written in full\n");
}
