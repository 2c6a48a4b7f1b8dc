// SPDX-License-Identifier: MIT
//
// The surroundings may be odd; they are left as they were.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace mqtt_tools::support;

namespace {

/// Publishes a retained message and reads it back, in the surroundings that `change` makes.
void talk_to(Broker& broker, const std::function<void(Command&)>& change,
             const std::string& message = "hi") {
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

void talk(const std::function<void(Command&)>& change, const std::string& message = "hi") {
  Broker broker;
  talk_to(broker, change, message);
}

}  // namespace

TEST_CASE("the proxies of the environment are ignored") {
  const auto proxy = "http://127.0.0.1:" + std::to_string(closed_port());
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

TEST_CASE("a login in the environment is for the broker that it was given with") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  auto command = Command{"mqtt-pub", "-L",    "mqtt://127.0.0.1:" + std::to_string(broker.port()),
                         "t",        "--raw", "hi"};
  command.environment("MQTT_URL", "mqtts://alice:s3cret@prod.example:28840");
  const auto result = run(command);
  check_exit(result, 0);
  CHECK(result.err ==
        "mqtt-pub: the user name and password from environment MQTT_URL are for prod.example, not "
        "for 127.0.0.1, and are not sent\n");
  const auto connect = broker.received(PacketType::connect).at(0);
  CHECK(connect.body.find("alice") == std::string::npos);
  CHECK(connect.body.find("s3cret") == std::string::npos);
  check_exit(run(command.add({"--quiet"})), 0);
}

TEST_CASE("TLS asked for in a file is not undone by a URL, but by --no-tls") {
  Broker broker;
  const TemporaryDirectory directory;
  const auto config = directory.write("c.toml", "tls = true\n");
  const auto url = "mqtt://127.0.0.1:" + broker.port_text();
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    const auto refused = run({program, "--config", config, "-L", url, "t", "-W", "1"});
    check_exit(refused, 2);
    CHECK(refused.err.find(config + ":1: tls asks for TLS, but mqtt:// of --url is plain text") !=
          std::string::npos);
  }
  auto by_environment = Command{"mqtt-pub", "--config", config, "t", "hi"};
  by_environment.environment("MQTT_URL", url);
  check_exit(run(by_environment), 2);
  check_exit(run({"mqtt-pub", "--config", config, "-L", url, "--no-tls", "t", "hi"}), 0);
  check_exit(run({"mqtt-sub", "--config", config, "-L", url, "--no-tls", "t", "-E"}), 0);
}

TEST_CASE("what Kubernetes sets for a service named mqtt does not matter") {
  Broker broker;
  talk_to(broker, [](Command& command) {
    command.environment("MQTT_PORT", "tcp://10.0.0.5:1883")
        .environment("MQTT_SERVICE_HOST", "10.0.0.5")
        .environment("MQTT_PORT_1883_TCP", "tcp://10.0.0.5:1883");
  });
  auto command = broker.pub({"t", "hi", "--verbose"});
  command.environment("MQTT_PORT", "tcp://10.0.0.5:1883");
  CHECK(run(command).err.find("MQTT_PORT counts as unset") != std::string::npos);
}

TEST_CASE("a home that may not be entered, and a loop in its place, are as good as none") {
  const TemporaryDirectory directory;
  const auto loop = directory / "loop";
  REQUIRE(::symlink(loop.c_str(), loop.c_str()) == 0);
  talk([&](Command& command) { command.environment("HOME", loop).unset("XDG_CONFIG_HOME"); });
  talk([&](Command& command) { command.environment("XDG_CONFIG_HOME", loop); });
  talk([&](Command& command) { command.environment("XDG_CONFIG_HOME", "/dev/null"); });
  check_exit(run({"mqtt-pub", "t", "hi", "--config", loop}), 1);
}

TEST_CASE("the version of the protocol may come from the environment, and goes to --on-ready") {
  Broker broker;
  auto refused = broker.pub({"t", "hi", "-D", "publish", "content-type", "x"});
  refused.environment("MQTT_PROTOCOL_VERSION", "3.1.1");
  const auto result = run(refused);
  check_exit(result, 2);
  CHECK(result.err.find("needs MQTT 5") != std::string::npos);

  Process process{
      broker.sub({"t", "-V", "3.1.1", "--on-ready", "echo version $MQTT_PROTOCOL_VERSION"})};
  CHECK(process.wait_for_err("version 3.1.1"));
  process.signal(15);
  check_exit(process.wait(), 143);
}

TEST_CASE("an empty word for a file, a host or a topic is refused by both programs") {
  for (const std::string option :
       {"--cafile", "--capath", "--cert", "--key", "--keypass-file", "--ciphers", "--psk-file",
        "--psk-identity", "--will-topic", "--config", "--profile", "--host", "--password-file"}) {
    CAPTURE(option);
    check_exit(run({"mqtt-pub", option, "", "t", "hi"}), 2);
    check_exit(run({"mqtt-sub", option + "=", "t", "-W", "1"}), 2);
  }
  for (const std::string option : {"-f", "--replay", "-t", "--message-key", "--time-key"}) {
    CAPTURE(option);
    check_exit(run({"mqtt-pub", option, "", "t"}), 2);
  }
  for (const std::string option : {"--ready-file", "--on-ready", "--exec", "-T", "-U"}) {
    CAPTURE(option);
    check_exit(run({"mqtt-sub", option, "", "t", "-W", "1"}), 2);
  }
}

TEST_CASE("the settings that are printed work as a configuration") {
  Broker broker;
  const TemporaryDirectory directory;
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    const auto printed = run({program, "-L", "mqtt://joe@127.0.0.1:" + broker.port_text() + "/x",
                              "--will-topic", "a \"b\"", "-D", "connect", "user-property", "k", "v",
                              "--wait", ".5", "--print-config"});
    check_exit(printed, 0);
    const auto config = directory.write(program + ".toml", printed.out);
    check_exit(run({program, "--config", config, program == "mqtt-pub" ? "-mhi" : "-E"}), 0);
  }
}

TEST_CASE("a broker on IPv6 only is found") {
  if (!has_ipv6()) return skip("there is no IPv6 here");
  BrokerOptions options;
  options.family = Family::ipv6;
  Broker broker{options};
  check_exit(run(broker.pub({"t", "--raw", "-r", "six"})), 0);
  CHECK(run(Command{"mqtt-sub", "-L", broker.url() + "/t", "-C", "1"}).out == "six\n");
}

TEST_CASE("of several hosts the first that answers is taken") {
  Broker broker;
  const auto dead = "127.0.0.1:" + std::to_string(closed_port());
  const auto live = "127.0.0.1:" + broker.port_text();
  check_exit_within(run({"mqtt-pub", "-h", dead, "-h", live, "t", "hi"}), 0, 1s);
  const BlackHole hole;
  const auto lost = "127.0.0.1:" + std::to_string(hole.port());
  check_exit_within(run({"mqtt-pub", "-h", lost, "-h", live, "t", "hi"}), 0, 4s);
}

TEST_CASE("it is said whether waits are shortened: in the build, and in a run") {
  const auto built = run({"mqtt-pub", "--version"}).out;
  const bool shortens = built.find(", with shortened waits\n") != std::string::npos;
  CHECK((shortens || built.find(", without shortened waits\n") != std::string::npos));

  const auto told = [](const std::string& wish) {
    Command command{"mqtt-pub", "-h", "127.0.0.1", "-p", std::to_string(closed_port()),
                    "--debug",  "t",  "hi"};
    command.environment("MQTT_TOOLS_FAST_IO", wish);
    const auto err = run(command).err;
    const std::string start = "Paho's waits are ";
    const auto at = err.find(start);
    if (at == std::string::npos) return std::string{"nothing"};
    return err.substr(at + start.size(), err.find('\n', at) - at - start.size());
  };
  const std::string without = "not shortened: not in this build";
  CHECK(told("1") == (shortens ? "shortened" : without));
  CHECK(told("0") == (shortens ? "not shortened: MQTT_TOOLS_FAST_IO=0" : without));
}

TEST_CASE("a command publishes to the broker that its message came from, whatever else there is") {
  Broker broker;
  Broker other;
  const TemporaryDirectory directory;
  directory.write("mqtt-tools/config.toml", "host = \"127.0.0.1\"\nport = " + other.port_text() +
                                                "\nusername = \"x\"\nclient-id = \"taken\"\n");
  const auto dead = "127.0.0.1:" + std::to_string(closed_port());
  for (const std::string option : {"--exec", "--on-ready"}) {
    CAPTURE(option);
    Process heard{broker.sub({"out", "-C", "1"})};
    REQUIRE(broker.wait_for_subscription("out", option == "--exec" ? 1 : 2));
    check_exit(run(broker.pub({"ex", "word", "--raw", "-r"})), 0);
    // The first of the hosts is not the one that it is connected to.
    auto command = Command{"mqtt-sub", "-C",
                           "1",        "-W",
                           "30",       "-t",
                           "ex",       "--no-config",
                           "-h",       dead,
                           "-h",       "127.0.0.1:" + broker.port_text(),
                           option,     "mqtt-pub --raw out word"};
    command.environment("XDG_CONFIG_HOME", directory.path().string())
        .environment("MQTT_URL", "mqtt://127.0.0.1:1/x");
    check_exit(run(command), 0);
    CHECK(heard.wait().out == "word\n");
  }
  CHECK(other.log().find("New client") == std::string::npos);
}

TEST_CASE("a command reaches a broker that only the whole of the options leads to") {
  BrokerOptions options;
  const TemporaryDirectory directory;
  options.lines = "psk_hint hint\npsk_file " + directory.write("psk", "me:00ff00ff\n") + "\n";
  Broker broker{options};
  Process heard{broker.sub({"out", "-C", "1", "--psk", "00ff00ff", "--psk-identity", "me"})};
  REQUIRE(broker.wait_for_subscription("out"));
  check_exit(run(broker.sub({"t", "-E", "--psk", "00ff00ff", "--psk-identity", "me", "--on-ready",
                             "mqtt-pub --raw out word"})),
             0);
  CHECK(heard.wait().out == "word\n");
}
