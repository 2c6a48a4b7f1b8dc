// SPDX-License-Identifier: MIT
#include "run/child_process.hpp"

#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"
#include "connection/url.hpp"
#include "run/forked.hpp"
#include "run/options.hpp"
#include "run/signals.hpp"

#include "catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::run {
namespace {

int ended(Child& child) {
  pollfd entry{child.fd(), POLLIN, 0};
  ::poll(&entry, 1, 10'000);
  return child.status().value_or(-1);
}

/// What a process tells that starts `command` and waits for it.
Told told_by(const ChildCommand& command) {
  return forked([&] {
    set_up_signals();
    const Signals signals;
    Child child{command};
    ::_exit(ended(child));
  });
}

ChildCommand shell(const std::string& text) {
  ChildCommand command;
  command.shell_command = text;
  return command;
}

TEST_CASE("a command's status is known once it has ended") {
  Child running{shell("sleep 30")};
  CHECK_FALSE(running.status());
  running.terminate();
  CHECK(ended(running) == 143);
  CHECK(running.terminated());

  Child by_itself{shell("kill $$")};
  CHECK(ended(by_itself) == 143);
  CHECK_FALSE(by_itself.terminated());

  Child failed{shell("exit 7")};
  CHECK(ended(failed) == 7);
  CHECK(failed.status() == 7);

  Child missing{shell("/no/such/command 2>/dev/null")};
  CHECK(ended(missing) == 127);
}

TEST_CASE("a command's status is known where our parent ignored SIGCHLD") {
  const auto told = forked([&] {
    ::signal(SIGCHLD, SIG_IGN);
    set_up_signals();
    Child failed{shell("exit 7")};
    ::_exit(ended(failed));
  });
  CHECK(told.code == 7);
}

TEST_CASE("a command reads nothing and writes where it was told to") {
  ChildCommand command = shell("cat; echo out; echo error >&2");
  CHECK(told_by(command).out == "out\n");
  CHECK(told_by(command).error == "error\n");

  command.output = 2;
  CHECK(told_by(command).out.empty());
  CHECK(told_by(command).error == "out\nerror\n");
}

TEST_CASE("variables are added to the environment, replaced and taken away") {
  ::setenv("MQTT_TOOLS_A", "ours", 1);
  ::setenv("MQTT_TOOLS_B", "ours", 1);
  ::setenv("MQTT_TOOLS_C", "ours", 1);
  ChildCommand command =
      shell("echo \"${MQTT_TOOLS_A-unset} ${MQTT_TOOLS_B-unset} ${MQTT_TOOLS_C-unset} $NEW\"");
  command.environment = {
      {"MQTT_TOOLS_A", "theirs"}, {"MQTT_TOOLS_B", {}}, {"NEW", "$(echo not run) 'as it is'"}};
  CHECK(told_by(command).out == "theirs unset ours $(echo not run) 'as it is'\n");
  for (const char* name : {"MQTT_TOOLS_A", "MQTT_TOOLS_B", "MQTT_TOOLS_C"}) {
    ::unsetenv(name);
  }
}

TEST_CASE("a command has no descriptors of ours") {
  const int leak = ::fcntl(STDIN_FILENO, F_DUPFD, 100);  // Not close-on-exec, as Paho's sockets.
  REQUIRE(leak >= 100);
  const Told told = told_by(shell("ls /proc/self/fd"));
  ::close(leak);
  CHECK(told.out == "0\n1\n2\n3\n");  // 3 is the folder that ls reads.
}

/// What a program of ours understands in the environment of a command.
connection::Options understood(const connection::Options& ours, const std::string& broker,
                               std::map<std::string, std::string> more = {},
                               const std::vector<std::string>& words = {"t", "m"}) {
  cli::FakeEnvironment fake;
  for (const auto& [name, value] : environment_of(ours, broker)) {
    if (value) fake.variables[name] = *value;
  }
  more.merge(fake.variables);
  fake.variables = more;
  return fake.pub(words).connection;
}

/// All that says which broker, in which way, and as whom.
void check_same(const connection::Options& theirs, const connection::Options& ours) {
  CHECK(theirs.transport == ours.transport);
  CHECK(theirs.websocket_path == ours.websocket_path);
  CHECK(theirs.websocket_headers == ours.websocket_headers);
  CHECK(theirs.version == ours.version);
  CHECK(theirs.credentials.username == ours.credentials.username);
  CHECK(theirs.credentials.password == ours.credentials.password);
  CHECK(theirs.keep_alive == ours.keep_alive);
  CHECK(theirs.connect_timeout == ours.connect_timeout);
  CHECK(theirs.connect_properties == ours.connect_properties);
  REQUIRE(theirs.proxy.has_value() == ours.proxy.has_value());
  if (ours.proxy) {
    CHECK(theirs.proxy->host == ours.proxy->host);
    CHECK(theirs.proxy->port == ours.proxy->port);
    CHECK(theirs.proxy->username == ours.proxy->username);
    CHECK(theirs.proxy->password == ours.proxy->password);
  }
  CHECK(theirs.tls.on == ours.tls.on);
  CHECK(theirs.tls.ca_file == ours.tls.ca_file);
  CHECK(theirs.tls.ca_path == ours.tls.ca_path);
  CHECK(theirs.tls.certificate == ours.tls.certificate);
  CHECK(theirs.tls.key == ours.tls.key);
  CHECK(theirs.tls.key_passphrase == ours.tls.key_passphrase);
  CHECK(theirs.tls.ciphers == ours.tls.ciphers);
  CHECK(theirs.tls.minimum == ours.tls.minimum);
  CHECK(theirs.tls.alpn == ours.tls.alpn);
  CHECK(theirs.tls.psk == ours.tls.psk);
  CHECK(theirs.tls.psk_identity == ours.tls.psk_identity);
  CHECK(theirs.tls.verify == ours.tls.verify);
}

TEST_CASE("a command's environment carries the whole connection") {
  using namespace std::string_literals;
  connection::Options tls;
  tls.tls.on = true;
  tls.tls.ca_file = "/c a.pem";
  tls.tls.ca_path = "/c=a";
  tls.tls.certificate = "/c.pem";
  tls.tls.key = "/k.pem";
  tls.tls.key_passphrase = "one\ntwo % \xff";
  tls.tls.ciphers = "HIGH:!aNULL";
  tls.tls.minimum = connection::TlsVersion::v1_3;
  tls.tls.alpn = {"mqtt", "x-amzn-mqtt-ca"};
  tls.tls.verify = false;
  tls.version = connection::Version::v5;
  tls.credentials = {"", "a\0b\xff"s};
  tls.connect_properties = {{21, "method"s}, {22, "da\xffta"s}, {38, std::pair{"k"s, "v w"s}}};
  tls.keep_alive = std::chrono::seconds{7};
  tls.connect_timeout = std::chrono::milliseconds{2500};

  connection::Options psk;
  psk.tls.on = true;
  psk.tls.psk = "00ff";
  psk.tls.psk_identity = "me";
  psk.version = connection::Version::v3_1_1;

  connection::Options web;
  web.transport = connection::Transport::websocket;
  web.websocket_path = "/broker?token=a%20b";
  web.websocket_headers = {{"X-A", "1"}, {"Cookie", "a=b; c=d"}};
  web.proxy = connection::Proxy{"proxy.example", 3128, "us er", "p@:ss"};
  web.credentials = {"user", "secret"};

  connection::Options secure_web = web;
  secure_web.tls.on = true;
  secure_web.proxy = connection::Proxy{"::1", 8080, {}, {}};

  for (const auto& ours : {connection::Options{}, tls, psk, web, secure_web}) {
    for (const std::string broker : {"broker.example:1884", "[fe80::1%eth0]:1885", "10.0.0.1:99"}) {
      CAPTURE(broker, ours.tls.on, ours.websocket_path);
      const auto theirs = understood(ours, broker);
      check_same(theirs, ours);
      CHECK(theirs.endpoints == std::vector{connection::read_endpoint(broker)});
      CHECK_FALSE(theirs.client_id_given);
    }
  }
}

TEST_CASE("no configuration file leads a command to another broker") {
  const cli::TemporaryFolder home;
  home.write("mqtt-tools/config.toml",
             "url = \"wss://other.example/x\"\nusername = \"other\"\npassword = \"other\"\n"
             "tls = true\ncafile = \"/other\"\nclient-id = \"taken\"\nwill-topic = \"w\"\n"
             "http-proxy = \"http://other\"\nprotocol-version = 3\nqos = 2\n");
  const std::map<std::string, std::string> files{{"XDG_CONFIG_HOME", home.path}};
  const auto theirs = understood({}, "broker.example:1884", files);
  check_same(theirs, {});
  CHECK(theirs.endpoints == std::vector<connection::Endpoint>{{"broker.example", 1884}});
  CHECK_FALSE(theirs.client_id_given);
  CHECK_FALSE(theirs.will);
}

TEST_CASE("a command may choose another broker, and then nothing of ours goes there") {
  connection::Options ours;
  ours.tls.on = true;
  ours.tls.psk = "00ff";
  ours.tls.psk_identity = "me";
  ours.proxy = connection::Proxy{"proxy.example", 3128, "user", "secret"};
  for (const auto& [name, value] : {std::pair{"MQTT_URL", "mqtt://other.example:1"},
                                    {"MQTT_HOST", "other.example"},
                                    {"MQTT_PORT", "1"}}) {
    CAPTURE(name);
    const auto theirs = understood(ours, "broker.example:8884", {{name, value}});
    CHECK_FALSE(theirs.tls.psk);
    CHECK_FALSE(theirs.proxy);
  }
  const auto theirs = understood({}, "broker.example:8884", {}, {"-h", "other.example", "t", "m"});
  CHECK(theirs.endpoints.at(0).host == "other.example");
}

TEST_CASE("what of a connection other programs find in variables") {
  const auto variables = [](const connection::Options& connection, const std::string& broker) {
    std::map<std::string, std::string> result;
    for (const auto& [name, value] : environment_of(connection, broker)) {
      if (value && name != connection_variable) result[name] = *value;
    }
    return result;
  };
  using Variables = std::map<std::string, std::string>;

  connection::Options plain;
  plain.credentials = {"user", "secret"};
  plain.tls.ca_file = "/ca.pem";  // Without TLS it means nothing.
  CHECK(variables(plain, "a:1") == Variables{{"MQTT_URL", "mqtt://a:1"},
                                             {"MQTT_HOST", "a"},
                                             {"MQTT_PORT", "1"},
                                             {"MQTT_USERNAME", "user"},
                                             {"MQTT_PASSWORD", "secret"}});
  plain.tls.on = true;
  plain.tls.certificate = "c.pem";
  auto found = variables(plain, "[::1]:8884");
  CHECK(found["MQTT_URL"] == "mqtts://[::1]:8884");
  CHECK(found["MQTT_HOST"] == "::1");
  CHECK(found["MQTT_CAFILE"] == "/ca.pem");
  CHECK(found["MQTT_CERT"] == std::filesystem::current_path().string() + "/c.pem");
  plain.version = connection::Version::v3_1_1;
  CHECK(variables(plain, "a:1")["MQTT_PROTOCOL_VERSION"] == "3.1.1");
}

TEST_CASE("a command can be interrupted and dies of a broken pipe") {
  CHECK(told_by(shell("kill -INT $$; exit 0")).code == 128 + SIGINT);
  CHECK(told_by(shell("kill -PIPE $$; exit 0")).code == 128 + SIGPIPE);
}

TEST_CASE("a command leads a process group of its own") {
  const Told told = told_by(shell("echo $$; cut -d' ' -f5 /proc/$$/stat"));
  const auto middle = told.out.find('\n');
  REQUIRE(middle != std::string::npos);
  CHECK(told.out.substr(0, middle + 1) == told.out.substr(middle + 1));
}

}  // namespace
}  // namespace mqtt_tools::run
