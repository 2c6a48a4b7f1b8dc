// SPDX-License-Identifier: MIT
//
// Secrets other than the password: who needs them gets them, and nobody else sees them.

#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"
#include "support/server.hpp"
#include "support/web_socket.hpp"

#include <algorithm>
#include <cctype>

using namespace mqtt_tools::support;

namespace {

const std::string secret = "5ec2e75ec2e75ec2e7";  // hex digits too

/// A secret that opens a connection.
struct Key {
  std::string name;
  std::vector<std::string> words;
};

/// Neither as it is nor in capitals.
void says_nothing(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  CHECK(lower.find(secret) == std::string::npos);
}

/// Runs that use the secret, and runs that fail with it.
void keeps(const Key& key) {
  CAPTURE(key.name);
  Process process{
      Command{"mqtt-sub", "t", "--debug", "-v", "--on-ready", "echo subscribed"}.add(key.words)};
  const bool ready = process.wait_for_err("subscribed");
  INFO(process.err());
  REQUIRE(ready);
  CHECK(process.command_line().find("mqtt-sub") != std::string::npos);
  says_nothing(process.command_line());
  says_nothing(run({"ps", "ww", "-o", "args", "-p", std::to_string(process.pid())}).out);
  process.signal(2);
  const auto result = process.wait();
  check_exit(result, 130);
  says_nothing(result.out + result.err);

  for (const auto& [word, code] :
       {std::pair<std::string, int>{"--print-config", 0}, {"--nonsense", 2}, {"--debug=1", 2}}) {
    CAPTURE(word);
    const auto failed = run(Command{"mqtt-sub", "t"}.add(key.words).add({word}));
    check_exit(failed, code);
    says_nothing(failed.out + failed.err);
  }
}

/// A run that fails with `code` and does not say why in so many words.
void fails(const std::vector<std::string>& words, int code) {
  const auto result = run(Command{"mqtt-pub", "t", "hi", "--debug", "-v"}.add(words));
  CAPTURE(words);
  check_exit(result, code);
  says_nothing(result.out + result.err);
}

}  // namespace

TEST_CASE("a pre-shared key is in no process list and no message") {
  const TemporaryDirectory directory;
  BrokerOptions options;
  options.lines =
      "psk_hint hint\npsk_file " + directory.write("keys", "me:" + secret + "\n") + "\n";
  Broker broker{options};
  const auto file = directory.write("key", secret + "\n");
  const std::vector<std::string> there{
      "-h", "localhost", "-p", broker.port_text(), "--psk-identity", "me"};
  auto words = there;
  words.insert(words.end(), {"--psk", secret});
  keeps({"--psk", words});
  words = there;
  words.push_back("--psk=" + secret);
  keeps({"--psk=", words});
  words = there;
  words.insert(words.end(), {"--psk-file", file});
  keeps({"--psk-file", words});
  fails({"-h", "localhost", "-p", broker.port_text(), "--psk-identity", "you", "--psk", secret}, 3);
  fails({"-h", "localhost", "-p", std::to_string(closed_port()), "--psk-identity", "me", "--psk",
         secret},
        3);
  fails({"--psk-identity", "me", "--psk", secret + "x"}, 2);
  fails({"--psk", secret}, 2);
}

TEST_CASE("a passphrase is in no process list and no message") {
  Certificates files;
  BrokerOptions options;
  options.ca_file = files.ca();
  options.certificate = files.server();
  options.key = files.server_key();
  options.lines = "require_certificate true\n";
  Broker broker{options};
  const auto right = files.file("right", Certificates::passphrase() + "\n");
  Process process{Command{"mqtt-sub", "-h", "localhost", "-p", broker.port_text(), "t", "--debug",
                          "--cafile", files.ca(), "--cert", files.client(), "--key",
                          files.encrypted_key(), "--keypass-file", right}};
  REQUIRE(broker.wait_for_subscription("t"));
  CHECK(process.command_line().find("sesame") == std::string::npos);
  process.signal(2);
  CHECK(process.wait().err.find("sesame") == std::string::npos);
  fails({"--cert", files.client(), "--key", files.encrypted_key(), "--keypass-file",
         files.file("wrong", secret + "\n")},
        3);
}

TEST_CASE("a proxy's password is in no process list and no message") {
  Broker broker;
  const HttpProxy proxy;
  const std::vector<std::string> there{"-h", "127.0.0.1", "-p", broker.port_text()};
  auto words = there;
  words.insert(words.end(), {"--http-proxy", proxy.url("me:" + secret)});
  keeps({"--http-proxy", words});

  HttpProxy::Rules rules;
  rules.authorization = "Basic eA==";
  const HttpProxy strict{rules};
  words.back() = strict.url("me:" + secret);
  fails(words, 3);
  words.back() = "http://me:" + secret + "@127.0.0.1:" + std::to_string(closed_port());
  fails(words, 3);
  words.back() = "socks://me:" + secret + "@127.0.0.1:1080";
  fails(words, 2);
  words.back() = "http://me:" + secret + "@[bad";
  fails(words, 2);
}

TEST_CASE("headers and query of a WebSocket are in no process list and no message") {
  Broker broker;
  WebSocket::Rules rules;
  rules.path = "/mqtt?token=" + secret;
  rules.fragment = 4;  // one packet after the other
  const WebSocket server{broker.port(), rules};
  const auto url = "ws://127.0.0.1:" + server.port_text() + rules.path;
  keeps({"-L", {"-L", url, "--ws-header", "Authorization: Bearer " + secret}});
  fails({"-L", url + "x", "--ws-header", "Authorization: Bearer " + secret}, 3);
  fails({"-L", "mqtt://127.0.0.1", "--ws-header", "Authorization: Bearer " + secret}, 2);
  fails({"-L", url, "--ws-header", secret}, 2);
}

TEST_CASE("a malformed URL is refused without the secrets in it") {
  for (const std::string& url :
       {"ws://h/mqtt?x=" + secret + "#", "ws://h/mqtt?x=" + secret + "#x", "wss://h/ ?t=" + secret,
        "ws://h/?a=b@" + secret + "&c= ", "ws:/h?t=" + secret, "me:" + secret + "@h://x",
        "mqtt://me:" + secret, "mqtt://" + secret + "@h:x", "mqtt://me:" + secret + "@[h",
        "foo://" + secret + "@h/?" + secret}) {
    fails({"-L", url}, 2);
    fails({"--http-proxy", url}, 2);
    fails({"-h", url}, 2);
    auto command = Command{"mqtt-sub", "t"};
    command.environment("MQTT_URL", url);
    const auto result = run(command);
    check_exit(result, 2);
    says_nothing(result.err);
  }
}

TEST_CASE("data for authentication is in no process list and no message") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const std::vector<std::string> words{"-h",
                                       "127.0.0.1",
                                       "-p",
                                       broker.port_text(),
                                       "-D",
                                       "connect",
                                       "authentication-method",
                                       "own",
                                       "-D",
                                       "connect",
                                       "authentication-data",
                                       secret};
  keeps({"-D", words});
  CHECK(broker.received(PacketType::connect).at(0).body.find(secret) != std::string::npos);
  fails({"-D", "publish", "authentication-data", secret}, 2);
}
