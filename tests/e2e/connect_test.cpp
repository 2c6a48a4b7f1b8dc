// SPDX-License-Identifier: MIT
//
// Attempts to connect that are given up, and what of them comes late.

#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/programs.hpp"
#include "support/relay.hpp"
#include "support/script_broker.hpp"
#include "support/server.hpp"
#include "support/web_socket.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <deque>
#include <filesystem>
#include <future>
#include <optional>

using namespace mqtt_tools::support;

namespace {

using Words = std::vector<std::string>;

/// Longer than a candidate gets while another host waits.
constexpr auto late = 3500ms;

const Words will{"--will-topic", "t", "--will-payload", "gone"};

std::string address(int port) { return "127.0.0.1:" + std::to_string(port); }

int count(const std::string& text, const std::string& word) {
  int number = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++number;
  return number;
}

/// Clients of `broker` that connected, but for the witness, which is not ours.
int clients(const Broker& broker) { return count(broker.log(), " as mqtt"); }

struct Delay {
  std::string of;
  milliseconds connect;
  milliseconds connack;
};

const std::vector<Delay> delays{
    {"both", late, late}, {"CONNECT", late, 0ms}, {"CONNACK", 0ms, late}};

void apply(Relay& relay, const Delay& delay) {
  relay.delay_first(Toward::broker, delay.connect);
  relay.delay_first(Toward::client, delay.connack);
}

/// A proxy that says nothing to the first `silent` that ask, and serves those after them.
struct MostlySilentProxy {
  explicit MostlySilentProxy(int silent)
      : server([this, silent](Channel& client) {
          const auto head = client.take_head();
          if (++asked <= silent) {
            client.take_head();
            return;
          }
          auto way = connect_to(std::stoi(head.substr(head.find(':') + 1)));
          client.give("HTTP/1.1 200 Connection established\r\n\r\n");
          Channel broker{std::move(way), server.leaving()};
          const Change none = [](std::string bytes) { return bytes; };
          join(client, broker, server.leaving(), none, none);
        }) {}

  std::string url() const { return "http://" + address(server.port()); }

  std::atomic<int> asked{0};
  Server server;
};

}  // namespace

TEST_CASE("a host of two addresses that is slow once is waited for, and nothing is sent twice") {
  if (!has_ipv6()) return skip("there is no IPv6 here");
  struct Run {
    Run(const Delay& delay, const Words& id) : name(delay.of + (id.empty() ? "" : " " + id[1])) {
      REQUIRE(relay.listen_at_both_addresses());
      apply(relay, delay);
      process.emplace(
          Command{"mqtt-pub", "-h", "localhost", "-p", relay.port_text(), "t", "-l", "--raw"}
              .add(will)
              .add(id)
              .input(sequence(1, 80)));
    }

    std::string name;
    Broker broker{};
    Relay relay{broker.port()};
    Witness witness{broker, 81};
    std::optional<Process> process{};
  };
  std::deque<Run> runs;  // at once: all that they do is wait
  for (const auto& delay : delays) {
    for (const Words& id : {Words{}, Words{"-i", "slow"}}) runs.emplace_back(delay, id);
  }
  for (auto& run : runs) {
    CAPTURE(run.name);
    check_exit(run.process->wait(), 0);
    check_exit(mqtt_tools::support::run(run.broker.pub({"t", "the end", "--raw"})), 0);
    CHECK(run.witness.out() == sequence(1, 80) + "the end\n");
    CHECK(run.relay.connections() == 1);
  }
}

TEST_CASE(
    "a host that answers after another was taken neither disturbs the run nor takes it over") {
  struct Run {
    Run(const Delay& delay, const std::string& version) : name(delay.of + (" " + version)) {
      apply(relay, delay);
      process.emplace(Command{"mqtt-pub", "-h", address(relay.port()), "-h", address(broker.port()),
                              "t", "-l", "--raw", "-V", version, "--connect-timeout", "4"}
                          .add(will)
                          .open_input());
      process->write(sequence(1, 40));
    }

    std::string name;
    Broker broker{};
    Relay relay{broker.port()};
    Witness witness{broker, 81};
    std::optional<Process> process{};
  };
  std::deque<Run> runs;
  for (const auto& delay : delays) {
    for (const std::string version : {"5", "3.1.1"}) runs.emplace_back(delay, version);
  }
  for (auto& run : runs) {
    CAPTURE(run.name);
    // The attempt that was given up, and the one that was not.
    REQUIRE(eventually(patience, [&] { return clients(run.broker) == 2; }));
    CHECK(run.broker.wait_for_log(" disconnected."));  // and not: closed its connection
    run.process->write(sequence(41, 80));
    run.process->close_input();
    const auto result = run.process->wait();
    check_exit(result, 0);
    CHECK(result.err.find("lost") == std::string::npos);
    check_exit(mqtt_tools::support::run(run.broker.pub({"t", "the end", "--raw"})), 0);
    CHECK(run.witness.out() == sequence(1, 80) + "the end\n");
    CHECK(count(run.broker.log(), "already connected") == 0);
    CHECK(count(run.broker.log(), "closed its connection") == 0);
  }
}

TEST_CASE("with a client id of the user's a late CONNECT takes the run over once, and no more") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker;
    Relay relay{broker.port()};
    relay.delay_first(Toward::broker, late);
    Process process{Command{"mqtt-sub", "-h", address(relay.port()), "-h", address(broker.port()),
                            "t", "-i", "mqtt-mine", "-V", version, "--reconnect-max", "0.1",
                            "--connect-timeout", "4"}};
    REQUIRE(broker.wait_for_subscription("t"));
    // The relay passes the late one on to the same broker.
    REQUIRE(broker.wait_for_log("already connected"));
    relay.refuse(true);
    REQUIRE(process.wait_for_err(" is back"));
    REQUIRE(broker.wait_for_subscription("t", 2));
    check_exit(run(broker.pub({"t", "next", "--raw"})), 0);
    CHECK(process.wait_for_out("next\n"));
    CHECK(count(process.err(), " lost") == 1);
    CHECK(count(broker.log(), "already connected") == 1);
  }
}

TEST_CASE("an attempt that is given up sends DISCONNECT behind its CONNECT") {
  ScriptBroker silent{[](Session& session) { session.stay_silent(); }};
  Broker broker;
  check_exit(run({"mqtt-pub", "-h", address(silent.port()), "-h", address(broker.port()), "t", "hi",
                  "--connect-timeout", shortened_waits() ? "2" : "8"}),
             0);
  REQUIRE(silent.wait_for_end());
  CHECK(silent.received(PacketType::connect).size() == 1);
  CHECK(silent.received(PacketType::disconnect).size() == 1);
  CHECK(silent.received().size() == 2);
}

TEST_CASE("an attempt that is given up sends DISCONNECT behind its CONNECT over TLS") {
  Certificates files;
  const auto context = make_tls_context(files.server(), files.server_key());
  std::promise<std::string> received;
  std::atomic<int> callers{0};
  const Server silent{[&](Channel& client) {
    if (!client.shake_hands(context)) return;
    const auto all = client.take_head();  // until the end
    if (++callers == 1) received.set_value(all);
  }};
  BrokerOptions options;
  options.certificate = files.server();
  options.key = files.server_key();
  Broker broker{options};
  check_exit(run({"mqtt-pub", "-h", "localhost:" + std::to_string(silent.port()), "-h",
                  "localhost:" + broker.port_text(), "--cafile", files.ca(), "t", "hi",
                  "--connect-timeout", "4"}),
             0);
  const auto all = received.get_future().get();
  REQUIRE(all.size() > 4);
  CHECK(all.front() == '\x10');
  CHECK(all.substr(all.size() - 2) == std::string("\xE0\x00", 2));
}

TEST_CASE("a signal takes back a will whose CONNECT has left, also over a WebSocket") {
  Broker broker;
  Relay relay{broker.port()};
  relay.hold(Toward::client);
  const WebSocket server{relay.port()};
  Witness witness{broker, 1};
  for (const auto& url :
       {"mqtt://" + address(relay.port()), "ws://127.0.0.1:" + server.port_text() + "/mqtt"}) {
    CAPTURE(url);
    const auto before = clients(broker);
    Process process{Command{"mqtt-sub", "-L", url + (url[0] == 'm' ? "/t" : ""), "t"}.add(will)};
    REQUIRE(eventually(patience, [&] { return clients(broker) == before + 1; }));
    process.signal(SIGTERM);
    const auto result = process.wait();
    CHECK(result.signal == SIGTERM);
    CHECK(result.duration <= within(3s));
  }
  REQUIRE(broker.wait_for_log(" disconnected.", patience, 2));
  check_exit(run(broker.pub({"t", "the end", "--raw"})), 0);
  CHECK(witness.out() == "the end\n");
}

TEST_CASE("a proxy that is silent once does not hold up the next attempt") {
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    CAPTURE(program);
    Broker broker;
    check_exit(run(broker.pub({"t", "hi", "--raw", "-r"})), 0);
    MostlySilentProxy proxy{1};
    Command command{program,
                    "-h",
                    "127.0.0.1",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    broker.port_text(),
                    "--http-proxy",
                    proxy.url(),
                    "--connect-timeout",
                    "3"};
    command.add(program == "mqtt-pub" ? Words{"t", "hi"} : Words{"t", "-C", "1"});
    // A candidate of two gets half of the time.
    check_exit_within(run(command), 0, 2500ms);
    CHECK(proxy.asked == 2);
  }
}

TEST_CASE("a signal is obeyed at once while a proxy is silent") {
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    for (const int silent : {1, 2}) {  // in the second attempt the first is being destroyed
      CAPTURE(program, silent);
      MostlySilentProxy proxy{2};
      Command command{program,        "-h",        "127.0.0.1",         "-h", "127.0.0.1",
                      "--http-proxy", proxy.url(), "--connect-timeout", "3"};
      command.add(program == "mqtt-pub" ? Words{"t", "hi"} : Words{"t"}).add(will);
      Process process{command};
      REQUIRE(eventually(patience, [&] { return proxy.asked == silent; }));
      const auto start = std::chrono::steady_clock::now();
      process.signal(SIGTERM);
      const auto result = process.wait();
      CHECK(result.signal == SIGTERM);
      CHECK(std::chrono::steady_clock::now() - start <= within(1s));
    }
  }
}

namespace {

/// A pipe that takes nothing any more, and is never read.
struct FullPipe {
  FullPipe() {
    REQUIRE(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    const std::string page(4096, 'x');
    while (write(ends[1], page.data(), page.size()) > 0) {
    }
    fcntl(ends[1], F_SETFL, 0);  // As a shell would make it.
  }
  ~FullPipe() {
    for (const int end : ends) close(end);
  }

  std::array<int, 2> ends{};
};

/// More than the subscriber keeps of what it has not shown yet.
void flood(Session& session) {
  for (int i = 0; i < 5000; ++i) session.publish("t", std::string(100, 'x'), 0);
}

}  // namespace

TEST_CASE("a connection whose messages find no room is given up like any other") {
  ScriptBroker broker{{[](Session& session) {
                         session.accept_subscription();
                         session.publish("t", "one");
                         session.close();
                       },
                       [](Session& session) {
                         session.accept();
                         session.expect(PacketType::subscribe);
                         flood(session);  // instead of SUBACK
                         session.stay_silent();
                       },
                       [](Session& session) { session.serve(); }}};
  const FullPipe pipe;
  const std::string limit = shortened_waits() ? "1" : "4";
  Process process{
      sub(broker.port(), {"t", "--connect-timeout", limit, "--reconnect-max", "0.1", "--debug"})
          .output_to(pipe.ends[1])};
  REQUIRE(process.wait_for_err("no answer to SUBSCRIBE in time"));
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(broker.wait_for(PacketType::subscribe, 3));
  CHECK(std::chrono::steady_clock::now() - start <= within(1s));
  process.signal(SIGTERM);
  const auto stopped = std::chrono::steady_clock::now();
  CHECK(process.wait().signal == SIGTERM);
  CHECK(std::chrono::steady_clock::now() - stopped <= within(1s));
}

TEST_CASE("hundreds of lost connections leave nothing behind") {
  const int losses = shortened_waits() ? 300 : 15;
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.publish("t", "a", 1, 1);
    session.expect(PacketType::puback);
    session.close();
  }};
  Process process{sub(broker.port(), {"t", "--reconnect-max", "0.01", "--quiet"})};
  const std::string proc = "/proc/" + std::to_string(process.pid());
  const auto entries = [&](const char* directory) {
    const std::filesystem::directory_iterator all{proc + directory};
    return std::distance(begin(all), end(all));
  };
  REQUIRE(broker.wait_for_end(losses / 3, 2 * patience));
  const auto resident = process.resident();
  REQUIRE(broker.wait_for_end(losses, 4 * patience));
  CHECK(process.resident() <= resident + (slowness > 1 ? 65536 : 2048));  // KiB
  CHECK(entries("/task") <= 6);
  CHECK(entries("/fd") <= 16);
}
