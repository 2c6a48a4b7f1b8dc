// SPDX-License-Identifier: MIT
//
// Which test proves which option of the connection.

#include "catch.hpp"
#include "support/programs.hpp"

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

struct Proof {
  std::vector<std::string> options;  ///< All names of one.
  std::vector<std::string> tests;
};

const std::vector<Proof> proofs{
    {{"-L", "--url", "--broker"},
     {"a broker URL is taken apart",
      "a broker whose authority is named is verified and used by both programs",
      "a WebSocket is asked for with path and headers, and used by both programs",
      "a broker on IPv6 only is found"}},
    {{"-h", "--host"},
     {"of several brokers that answer the first is used",
      "after a loss the next broker is used, and after its loss the first again",
      "hosts with TLS and hosts without do not mix"}},
    {{"-p", "--port"},
     {"a common port is for those hosts that name none",
      "port 8883 means TLS, and plain text to it is refused"}},
    {{"--unix"},
     {"a broker is reached over its Unix-domain socket, by option and by URL",
      "a socket that is none, or that nobody serves, is told as such"}},
    {{"-A", "--bind"},
     {"a broker sees the address that was asked for",
      "an address that this machine does not have is told, and no fall-back is made"}},
    {{"-i", "--client-id", "--id"},
     {"id, prefix of the id, and keep-alive are as asked",
      "of two programs with one client id the loser ends with 6 and says why"}},
    {{"-I", "--id-prefix"}, {"id, prefix of the id, and keep-alive are as asked"}},
    {{"-u", "--username", "--user"}, {"exit 4: the broker refuses the connection"}},
    {{"-P", "--password", "--pw"},
     {"exit 4: the broker refuses the connection",
      "a password reaches the broker, and is in no process list and no message"}},
    {{"--password-file"},
     {"a password file gives the password, and is warned about when others may read it",
      "the first line of stdin may be the password, and the rest is the message"}},
    {{"--ask-password"},
     {"a password may be typed, and is not shown",
      "a password is asked for without being shown, and the terminal is as it was"}},
    {{"-V", "--protocol-version", "--mqtt-version"},
     {"the version asked for is the only one tried",
      "every spelling of the protocol version is understood",
      "a broker that does not speak MQTT 5 is asked once again in 3.1.1"}},
    {{"-k", "--keepalive"}, {"id, prefix of the id, and keep-alive are as asked"}},
    {{"-c", "--no-clean"},
     {"a session is kept for ever, or for as long as was asked",
      "what came while a program with a kept session was away is there when it is back"}},
    {{"-x", "--session-expiry", "--session-expiry-interval"},
     {"a session is kept for ever, or for as long as was asked",
      "properties of four bytes that the library would send wrongly are refused"}},
    {{"--max-packet"},
     {"a packet larger than --max-packet ends the connection and names the option"}},
    {{"--connect-timeout"}, {"exit 3: nobody listens, nobody answers, or the name is not known"}},
    {{"--wait"},
     {"with --wait a run waits for a broker that is not there yet",
      "a bad certificate is not waited for"}},
    {{"--no-reconnect"}, {"exit 6: the connection is lost, or nothing is acknowledged"}},
    {{"--reconnect-for"}, {"exit 6: the connection is lost, or nothing is acknowledged"}},
    {{"--reconnect-max"},
     {"a subscriber says lost and back once, and prints the next message",
      "a broker that is back within two seconds is used within three more"}},
    {{"--tls", "--tls-use-os-certs"},
     {"a certificate of an unknown authority is refused with its name"}},
    {{"--no-tls"},
     {"option --no-tls and tls = false undo what weaker sources say, and only that",
      "TLS asked for in a file is not undone by a URL, but by --no-tls"}},
    {{"--cafile"},
     {"a broker whose authority is named is verified and used by both programs",
      "a certificate that expired is refused with its date"}},
    {{"--capath"}, {"a broker whose authority is named is verified and used by both programs"}},
    {{"--cert"},
     {"a broker that wants a client certificate gets it, with and without a passphrase"}},
    {{"--key"},
     {"a broker that wants a client certificate gets it, with and without a passphrase",
      "a key that does not fit its certificate is refused before connecting"}},
    {{"--keypass-file"},
     {"a broker that wants a client certificate gets it, with and without a passphrase",
      "a wrong passphrase is refused before connecting, and not repeated"}},
    {{"--insecure"}, {"option --insecure verifies nothing, and says so once even with --quiet"}},
    {{"--ciphers"}, {"versions, ciphers and application protocols are offered as asked"}},
    {{"--tls-version"}, {"versions, ciphers and application protocols are offered as asked"}},
    {{"--tls-alpn"}, {"versions, ciphers and application protocols are offered as asked"}},
    {{"--psk"}, {"a pre-shared key opens the connection, and a wrong one does not"}},
    {{"--psk-file"}, {"a pre-shared key opens the connection, and a wrong one does not"}},
    {{"--psk-identity"}, {"a pre-shared key opens the connection, and a wrong one does not"}},
    {{"--ws"}, {"a WebSocket may be asked for without a URL"}},
    {{"--ws-header"},
     {"a WebSocket is asked for with path and headers, and used by both programs"}},
    {{"--http-proxy"},
     {"a broker is reached through an HTTP proxy, and in no other way",
      "a proxy gets the login that it wants", "the proxies of the environment are ignored"}},
    {{"--will-topic"}, {"the will of a program that is killed is published, as it was given"}},
    {{"--will-payload", "--will-message"},
     {"the will of a program that is killed is published, as it was given"}},
    {{"--will-qos"}, {"the will of a program that is killed is published, as it was given"}},
    {{"--will-retain"}, {"the will of a program that is killed is published, as it was given"}},
    {{"--will-delay"}, {"a will may wait, for as long as was asked"}},
    {{"--presence"},
     {"who connects is online, and offline when it ends, by itself or by a signal",
      "who is killed is offline by its will, which has no time"}},
    {{"--presence-online"}, {"presence may be bare words, and other ones"}},
    {{"--presence-offline"}, {"presence may be bare words, and other ones"}},
    {{"-D", "--property"},
     {"the properties of a message arrive at both kinds of subscriber",
      "properties of four bytes are right on the wire as far as the library can carry them",
      "properties of a subscription and of a leave are sent with them",
      "a will carries the properties that MQTT 5 has for it"}},
    {{"--config"}, {"a configuration file and a profile are used, and the command line wins"}},
    {{"--no-config"}, {"a configuration file and a profile are used, and the command line wins"}},
    {{"--profile"}, {"a configuration file and a profile are used, and the command line wins"}},
    {{"--print-config"},
     {"a configuration file and a profile are used, and the command line wins",
      "the settings are printed without the password"}},
    {{"--quiet"}, {"with --quiet a loss is not told"}},
    {{"-d", "--debug"},
     {"a password reaches the broker, and is in no process list and no message"}},
    {{"--help"}, {"exit 0: all is done"}},
    {{"--version"}, {"exit 0: all is done"}},
    {{"--completion"},
     {"option --completion writes a script with every option, and wins over what is wrong",
      "bash completes options, their words and files, and no topics"}},
};

/// The options that --help shows in the groups that both programs have.
std::set<std::string> helped(const std::string& program) {
  const auto text = run({program, "--help", "all"}).out;
  const auto from = text.find("\nConnection:");
  const auto to = text.find("\nExit codes:");
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  const auto groups = text.substr(from, to - from);
  const std::regex option{"(?:^|[\\n ])(--?[A-Za-z][a-z-]*)(?=[ ,\\n\\[])"};
  std::set<std::string> found;
  for (std::sregex_iterator at{groups.begin(), groups.end(), option}, end; at != end; ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

/// The names of all tests that an executable runs, other than hidden ones.
void add_tests(std::set<std::string>& names, const std::string& executable) {
  const auto listed = run({MQTT_TOOLS_BIN "/../tests/" + executable, "--list-test-names-only"});
  std::istringstream lines{listed.out};
  for (std::string line; std::getline(lines, line);) names.insert(line);
}

/// What --print-config makes of an option: without a value, or else with one of these.
std::string effect(const std::string& option) {
  for (const std::string value : {"", "1", "localhost", "5", "mqtt://localhost", "127.0.0.1"}) {
    Command command{"mqtt-sub", "t", "--print-config", "-i", "me", option};
    if (!value.empty()) command.add({value});
    const auto result = run(command);
    if (result.code == 0) return result.out;
  }
  return {};
}

}  // namespace

TEST_CASE("each option of the connection that --help shows has a test, and each test exists") {
  std::set<std::string> options;
  std::set<std::string> names;
  add_tests(names, "mqtt_tools_tests");
  add_tests(names, "mqtt_tools_e2e");
  REQUIRE(names.size() > 300);
  for (const auto& proof : proofs) {
    options.insert(proof.options.begin(), proof.options.end());
    CAPTURE(proof.options);
    CHECK_FALSE(proof.tests.empty());
    for (const auto& test : proof.tests) {
      CAPTURE(test);
      CHECK(names.count(test) == 1);
    }
  }
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    const auto shown = helped(program);
    REQUIRE(shown.size() > 50);
    for (const auto& option : shown) {
      CAPTURE(program, option);
      CHECK(options.count(option) == 1);
    }
    // --help shows the letter and the first long name; the others are for whoever knows them.
    for (const auto& proof : proofs) {
      CAPTURE(program, proof.options);
      CHECK(std::any_of(proof.options.begin(), proof.options.end(),
                        [&](const auto& option) { return shown.count(option) == 1; }));
    }
  }
}

TEST_CASE("all names of an option of the connection mean the same") {
  for (const auto& proof : proofs) {
    if (proof.options.size() == 1) continue;
    const auto first = proof.options.front();
    if (first == "-i" || first == "-I" || first == "-D" || first == "--will-payload") continue;
    const auto meant = effect(first);
    CHECK_FALSE(meant.empty());
    for (const auto& option : proof.options) {
      CAPTURE(option);
      CHECK(effect(option) == meant);
    }
  }
  const auto ids = run({"mqtt-sub", "t", "--print-config", "-i", "x"});
  check_exit(ids, 0);
  CHECK(run({"mqtt-sub", "t", "--print-config", "--id", "x"}).out == ids.out);
  CHECK(run({"mqtt-sub", "t", "--print-config", "--client-id", "x"}).out == ids.out);
  const auto will = run({"mqtt-sub", "t", "--print-config", "-i", "x", "--will-topic", "w",
                         "--will-payload", "gone"});
  check_exit(will, 0);
  CHECK(run({"mqtt-sub", "t", "--print-config", "-i", "x", "--will-topic", "w", "--will-message",
             "gone"})
            .out == will.out);
  const auto property =
      run({"mqtt-sub", "t", "--print-config", "-i", "x", "-D", "connect", "receive-maximum", "9"});
  check_exit(property, 0);
  CHECK(run({"mqtt-sub", "t", "--print-config", "-i", "x", "--property", "connect",
             "receive-maximum", "9"})
            .out == property.out);
}
