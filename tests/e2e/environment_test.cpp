// SPDX-License-Identifier: MIT
//
// The surroundings may be odd; they are left as they were.

#include "catch.hpp"
#include "support/programs.hpp"

#include <sys/stat.h>

using namespace mqtt_tools::support;

namespace {

/// Publishes a retained message and reads it back, in the surroundings that `change` makes.
void talk(const std::function<void(Command&)>& change, const std::string& message = "hi") {
  Broker broker;
  auto publisher = broker.pub({"t", "--raw", "-r", message});
  auto subscriber = broker.sub({"t", "-C", "1", "-W", "10"});
  change(publisher);
  change(subscriber);
  check_exit(run(publisher), 0);
  const auto result = run(subscriber);
  check_exit(result, 0);
  CHECK(result.out == message + "\n");
  CHECK(result.err.empty());
}

}  // namespace

TEST_CASE("the proxies of the environment are ignored") {
  const auto proxy = "http://127.0.0.1:" + std::to_string(free_port());
  talk([&](Command& command) {
    for (const auto* name :
         {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"}) {
      command.environment(name, proxy);
    }
  });
}

TEST_CASE("text beyond ASCII needs no locale") {
  talk([](Command& command) { command.environment("LC_ALL", "C"); }, "MQTT信息发布!");
  talk([](Command& command) { command.environment("LC_ALL", "no_SUCH.locale"); }, "é");
}

TEST_CASE("no home and no environment is enough") {
  talk([](Command& command) { command.unset("HOME").unset("XDG_CONFIG_HOME").unset("LANG"); });
}

TEST_CASE("a closed stdin does not matter to what needs none") {
  talk([](Command& command) { command.closed_input(); });
}

TEST_CASE("nothing is written to the working directory, to tmp or to home") {
  const TemporaryDirectory place;
  const TemporaryDirectory temporary;
  const TemporaryDirectory home;
  talk([&](Command& command) {
    command.directory(place.path().string())
        .environment("TMPDIR", temporary.path().string())
        .environment("HOME", home.path().string())
        .environment("XDG_CONFIG_HOME", home / "config");
  });
  CHECK(place.names().empty());
  CHECK(temporary.names().empty());
  CHECK(home.names().empty());
}

TEST_CASE("a directory that cannot be written is as good as any") {
  talk([](Command& command) { command.directory("/proc/self/fd"); });
}

TEST_CASE("host and port of the environment are used, and the command line wins") {
  Broker broker;
  Broker other;
  const auto publish = [](const Broker& environment, std::initializer_list<std::string> words) {
    auto command = Command{"mqtt-pub", "t", "--raw", "-r"}.add(words);
    command.environment("MQTT_HOST", "127.0.0.1").environment("MQTT_PORT", environment.port_text());
    check_exit(run(command), 0);
  };
  publish(broker, {"by environment"});
  CHECK(run(broker.sub({"t", "-C", "1", "-W", "5"})).out == "by environment\n");
  publish(broker, {"by command line", "-p", other.port_text()});
  CHECK(run(other.sub({"t", "-C", "1", "-W", "5"})).out == "by command line\n");

  auto by_url = Command{"mqtt-sub", "-C", "1", "-W", "5"};
  by_url.environment("MQTT_URL", "mqtt://127.0.0.1:" + other.port_text() + "/t");
  CHECK(run(by_url).out == "by command line\n");
}

TEST_CASE("a broker on IPv6 only is found") {
  BrokerOptions options;
  options.family = Family::ipv6;
  Broker broker{options};
  check_exit(run(broker.pub({"t", "--raw", "-r", "six"})), 0);
  CHECK(run(Command{"mqtt-sub", "-L", broker.url() + "/t", "-C", "1"}).out == "six\n");
}

TEST_CASE("of several hosts the first that answers is taken") {
  Broker broker;
  const auto dead = "127.0.0.1:" + std::to_string(free_port());
  const auto live = "127.0.0.1:" + broker.port_text();
  check_exit_within(run({"mqtt-pub", "-h", dead, "-h", live, "t", "hi"}), 0, 1s);
  const BlackHole hole;
  const auto lost = "127.0.0.1:" + std::to_string(hole.port());
  check_exit_within(run({"mqtt-pub", "-h", lost, "-h", live, "t", "hi"}), 0, 4s);
}
