// SPDX-License-Identifier: MIT
//
// Under the names of mosquitto's clients: scripts for them run unchanged.

#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/packet.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

/// A folder with links to our programs under mosquitto's names, which goes before all others.
struct Links {
  TemporaryDirectory directory{};

  Links() {
    REQUIRE(::symlink(MQTT_TOOLS_BIN "/mqtt-pub", at("mosquitto_pub").c_str()) == 0);
    REQUIRE(::symlink(MQTT_TOOLS_BIN "/mqtt-sub", at("mosquitto_sub").c_str()) == 0);
  }

  std::string at(const std::string& name) const { return directory / name; }

  Command command(const std::string& name, int port,
                  std::initializer_list<std::string> words) const {
    return Command{at(name), "-h", "127.0.0.1", "-p", std::to_string(port)}.add(words);
  }
};

/// What a script says and leaves behind, seen by a subscriber that is not ours.
struct Outcome {
  Result result{};
  std::string messages{};
};

Outcome outcome_of(const std::string& script, const std::string& path) {
  Broker broker;
  Process witness{broker.command(
      "mosquitto_sub", {"-t", "#", "-q", "2", "-v", "-F", "%t qos %q retained %r %l bytes: %p"})};
  REQUIRE(broker.wait_for_subscription("#"));
  Outcome outcome;
  Command command{MQTT_TOOLS_TESTS "/e2e/scripts/" + script};
  command.environment("PATH", path).environment("BROKER", "127.0.0.1");
  outcome.result = run(command.environment("PORT", broker.port_text()));
  check_exit(run(broker.command("mosquitto_pub", {"-t", "end", "-q", "1", "-m", "end"})), 0);
  REQUIRE(witness.wait_for_out("end qos"));
  outcome.messages = witness.out();
  return outcome;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("scripts that call mosquitto_pub and mosquitto_sub run unchanged through links") {
  const Links links;
  const std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string script : {"sensors.sh", "discovery.sh", "backup.sh"}) {
    CAPTURE(script);
    const auto theirs = outcome_of(script, path);
    const auto ours = outcome_of(script, links.directory.path().string() + ":" + path);
    CHECK(ours.result.code == theirs.result.code);
    CHECK(ours.result.out == theirs.result.out);
    CHECK(ours.messages == theirs.messages);
    CHECK(theirs.messages.size() > 200);
  }
}

TEST_CASE("under mosquitto's names the defaults are mosquitto's") {
  const Links links;
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(links.command("mosquitto_pub", broker.port(), {"-t", "a/b", "-m", "hi"})), 0);
  REQUIRE(broker.wait_for(PacketType::disconnect));
  const auto publish = broker.received(PacketType::publish).at(0);
  CHECK(publish.qos() == 0);
  CHECK(publish.payload() == "hi");
  CHECK(broker.received(PacketType::connect).at(0).body.substr(8, 2) == std::string("\0\x3C", 2));

  check_exit(run(links.command("mosquitto_pub", broker.port(),
                               {"-t", "t", "-m", "hi", "-q", "1", "-k", "7", "--envelope"})),
             0);
  CHECK(broker.received(PacketType::publish).at(1).qos() == 1);
  CHECK(broker.received(PacketType::publish).at(1).payload().starts_with(R"({"msg":"hi",)"));

  ScriptBroker other{[](Session& session) { session.serve(); }};
  check_exit(run(links.command("mosquitto_sub", other.port(), {"-t", "t", "-E"})), 0);
  CHECK((other.received(PacketType::subscribe).at(0).body.back() & 3) == 0);
}

TEST_CASE("under mosquitto's names a terminal gets payloads as they are") {
  const Links links;
  Broker broker;
  Process terminal{
      links.command("mosquitto_sub", broker.port(), {"-t", "t", "-C", "1"}).terminal_output()};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "hi", "--time-format", "T%%"})), 0);
  check_exit(terminal.wait(), 0);
  CHECK(terminal.out() == "{\"msg\":\"hi\",\"data\":\"T%\"}\n");
}

TEST_CASE("under mosquitto's names a URL's topic is one beside those of -t") {
  const Links links;
  Broker broker;
  Process both{Command{links.at("mosquitto_sub"), "-L", broker.url() + "/from/url", "-t",
                       "from/option", "-C", "2", "-v"}};
  REQUIRE(broker.wait_for_subscription("from/url"));
  REQUIRE(broker.wait_for_subscription("from/option"));
  check_exit(run(broker.pub({"from/url", "1", "--raw"})), 0);
  check_exit(run(broker.pub({"from/option", "2", "--raw"})), 0);
  const auto result = both.wait();
  check_exit(result, 0);
  CHECK(result.out == "from/url 1\nfrom/option 2\n");
}

TEST_CASE("under mosquitto's names its configuration is read, and neither ours nor MQTT_*") {
  const Links links;
  const TemporaryDirectory home;
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  home.write("mqtt-tools/config.toml", "port = 1\nretain = \"nonsense\"\n");
  home.write("mosquitto_pub", "# ours\n-h 127.0.0.1\n-p " + broker.port_text() +
                                  "\n\n-t filed topic\r\n-D publish user-property k a value\n-r\n");
  home.write("mosquitto_sub", "-p 1\n");
  Command command{links.at("mosquitto_pub"), "-m", "hi"};
  command.environment("XDG_CONFIG_HOME", home.path().string());
  command.environment("MQTT_HOST", "nowhere.invalid").environment("MQTT_RAW", "0");
  check_exit(run(command.environment("MQTT_PROFILE", "none")), 0);
  REQUIRE(broker.wait_for(PacketType::publish));
  const auto publish = broker.received(PacketType::publish).at(0);
  CHECK(publish.topic() == "filed topic");
  CHECK(publish.payload() == "hi");
  CHECK(publish.retained());
  CHECK(publish.properties().find("a value") != std::string::npos);

  home.write("mosquitto_pub", "-h 127.0.0.1\n-q 3\n");
  const auto wrong = run(Command{links.at("mosquitto_pub"), "-t", "t", "-m", "hi"}.environment(
      "XDG_CONFIG_HOME", home.path().string()));
  check_exit(wrong, 2);
  CHECK(wrong.err.find("/mosquitto_pub:2: qos must be") != std::string::npos);
}

TEST_CASE("under mosquitto's names --insecure compares no names, and still wants an authority") {
  const Links links;
  Certificates files;
  BrokerOptions options;
  options.ca_file = files.ca();
  options.certificate = files.other_name();
  options.key = files.server_key();
  Broker broker{options};
  const auto with = [&](const std::string& ca, const std::string& name) {
    return run(links.command(name, broker.port(), {"-t", "t", "--cafile", ca})
                   .add(name == "mosquitto_pub" ? std::vector<std::string>{"-m", "hi"}
                                                : std::vector<std::string>{"-E"})
                   .add({"--insecure"}));
  };
  for (const std::string name : {"mosquitto_pub", "mosquitto_sub"}) {
    CAPTURE(name);
    const auto accepted = with(files.ca(), name);
    check_exit(accepted, 0);
    CHECK(accepted.err.find("the name in the broker's certificate is not compared") !=
          std::string::npos);
    check_exit(with(files.other_ca(), name), 3);
  }
  check_exit(run(links.command("mosquitto_pub", broker.port(),
                               {"-t", "t", "--cafile", files.ca(), "-m", "hi"})),
             3);
}

TEST_CASE("the page for those who come from mosquitto has a row for each of its options") {
  const auto page = text_of(MQTT_TOOLS_TESTS "/../docs/coming-from-mosquitto.md");
  const std::regex option{"\n *(?:\\[?)(--?[A-Za-z][a-z0-9-]*) :"};
  const std::regex in_usage{"[\\[{| ](--?[A-Za-z][a-z0-9-]*)(?=[ \\]|}])"};
  std::set<std::string> found;
  for (const std::string program : {"mosquitto_pub", "mosquitto_sub", "mosquitto_rr"}) {
    const auto help = run({program, "--help"}).out;
    for (const auto& expression : {option, in_usage}) {
      for (std::sregex_iterator at{help.begin(), help.end(), expression}, end; at != end; ++at) {
        found.insert((*at)[1]);
      }
    }
  }
  REQUIRE(found.size() > 45);
  for (const auto& name : found) {
    CAPTURE(name);
    CHECK(page.find("`" + name + "`") != std::string::npos);
  }
}
