// SPDX-License-Identifier: MIT
//
// A broker's Unix-domain socket, and from which address or interface to connect.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <sys/socket.h>
#include <sys/un.h>

using namespace mqtt_tools::support;

namespace {

/// A Mosquitto that listens on a socket of the file system, too.
struct LocalBroker {
  static BrokerOptions options(const std::string& socket) {
    BrokerOptions options;
    options.lines = "listener 0 " + socket + "\n";
    return options;
  }

  TemporaryDirectory directory{};
  const std::string socket = directory / "broker.sock";
  Broker broker{options(socket)};
};

bool has(const Result& result, const std::string& text) {
  return result.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a broker is reached over its Unix-domain socket, by option and by URL") {
  LocalBroker local;
  const std::string payload(100'000, 'x');
  for (const std::string way : {"--unix", "-L"}) {
    const auto where = way == "-L" ? "unix://" + local.socket : local.socket;
    Process subscriber{Command({"mqtt-sub", way, where, "-C", "2", "-o", "raw", "t", "--on-ready",
                                "mqtt-pub --raw t over-its-environment"})};
    REQUIRE(local.broker.wait_for_subscription("t", way == "-L" ? 2 : 1));
    const auto result = run(Command({"mqtt-pub", way, where, "--raw", "-d", "t", payload}));
    check_exit(result, 0);
    CHECK(has(result, "connected to " + local.socket + ", MQTT 5"));
    CHECK_FALSE(has(result, "localhost"));
    const auto received = subscriber.wait();
    check_exit(received, 0);
    CHECK(received.out.find(payload) != std::string::npos);
    CHECK(received.out.find("over-its-environment") != std::string::npos);
  }
}

TEST_CASE("a stronger source's host, socket or URL replaces the socket of a weaker one") {
  LocalBroker local;
  auto socket_in_environment = local.broker.pub({"t", "hi", "-d"});
  socket_in_environment.environment("MQTT_URL", "unix:///nowhere.sock");
  check_exit(run(socket_in_environment), 0);
  auto host_in_environment = Command({"mqtt-pub", "--unix", local.socket, "t", "hi"});
  host_in_environment.environment("MQTT_HOST", "nowhere.invalid");
  host_in_environment.environment("MQTT_PORT", "1");
  check_exit(run(host_in_environment), 0);
  check_exit(run(Command({"mqtt-pub", "--unix", local.socket, "-h", "localhost", "t", "hi"})), 2);
}

TEST_CASE("a socket that is none, or that nobody serves, is told as such") {
  const TemporaryDirectory directory;
  const auto none = directory / "none.sock";
  const auto missing = run(Command({"mqtt-pub", "--unix", none, "t", "hi"}));
  check_exit_within(missing, 3, 1s);
  CHECK(has(missing, "cannot reach " + none + ": there is no such socket"));

  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  REQUIRE(none.size() < sizeof name.sun_path);
  none.copy(name.sun_path, none.size());
  const Descriptor left{::socket(AF_UNIX, SOCK_STREAM, 0)};
  REQUIRE(::bind(left.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  const auto dead = run(Command({"mqtt-pub", "-L", "unix://" + none, "t", "hi"}));
  check_exit_within(dead, 3, 1s);
  CHECK(has(dead, none + ": connection refused (is it a socket that a broker listens on?)"));

  const auto file = directory.write("file", "");
  check_exit_within(run(Command({"mqtt-pub", "--unix", file, "t", "hi"})), 3, 1s);

  const auto long_path =
      run(Command({"mqtt-pub", "--unix", "/" + std::string(200, 'x'), "t", "hi"}));
  check_exit(long_path, 2);
  CHECK(has(long_path, "--unix: the path of a socket has at most 107 bytes, this one has 201"));
  check_exit(run(Command({"mqtt-pub", "-L", "unix://host/path", "t", "hi"})), 2);
  check_exit(run(Command({"mqtt-pub", "--unix", none, "--http-proxy", "http://p", "t", "hi"})), 2);
}

TEST_CASE("a broker sees the address that was asked for") {
  Broker broker;
  const auto words = GENERATE("127.0.0.9", "lo");
  const auto result = run(broker.pub({"--bind", words, "t", "hi"}));
  check_exit(result, 0);
  const auto address = std::string{words} == "lo" ? "127.0.0.1" : words;
  CHECK(broker.wait_for_log("New connection from " + std::string{address}));
}

TEST_CASE("an address that this machine does not have is told, and no fall-back is made") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.serve();
  }};
  const auto foreign = run(pub(broker.port(), {"-A", "192.0.2.7", "t", "hi"}));
  check_exit_within(foreign, 3, 1s);
  CHECK(has(foreign, "this machine does not have the address 192.0.2.7 (--bind)"));
  const auto other = run(pub(broker.port(), {"--bind", "::1", "t", "hi"}));
  check_exit_within(other, 3, 1s);
  CHECK(has(other, "it has no address of the kind of --bind ::1"));
  CHECK(broker.connections() == 0);

  const auto name = run(pub(broker.port(), {"--bind", "no-such-if", "t", "hi"}));
  check_exit(name, 2);
  CHECK(has(name,
            "--bind must be an address of this machine in numbers, or one of its network "
            "interfaces, not 'no-such-if'"));
}
