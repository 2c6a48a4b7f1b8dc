// SPDX-License-Identifier: MIT
//
// TLS with a real broker: what makes it work, and what each option does on the wire.

#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/programs.hpp"
#include "support/relay.hpp"

#include <unistd.h>
#include <algorithm>

using namespace mqtt_tools::support;

namespace {

BrokerOptions with(const std::string& certificate, const std::string& key) {
  BrokerOptions options;
  options.certificate = certificate;
  options.key = key;
  return options;
}

/// mqtt-pub to localhost by name.
Command pub_to(const std::string& host, int port, std::initializer_list<std::string> words) {
  return Command{"mqtt-pub", "-h", host, "-p", std::to_string(port), "t", "hi"}.add(words);
}

/// A number of two bytes in a TLS message.
std::size_t number_at(const std::string& bytes, std::size_t at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(bytes.at(at))) * 256 +
         static_cast<unsigned char>(bytes.at(at + 1));
}

/// The cipher suites that a ClientHello offers, two bytes each (RFC 8446 §4.1.2).
std::vector<std::size_t> suites_of(const std::string& hello) {
  std::size_t at = 5 + 4 + 2 + 32;  // record, handshake, version, random
  at += 1 + static_cast<unsigned char>(hello.at(at));
  const auto end = at + 2 + number_at(hello, at);
  std::vector<std::size_t> suites;
  for (at += 2; at < end; at += 2) suites.push_back(number_at(hello, at));
  return suites;
}

bool offers(const std::string& hello, std::size_t suite) {
  const auto suites = suites_of(hello);
  return std::find(suites.begin(), suites.end(), suite) != suites.end();
}

/// What mqtt-pub with these options says first on a connection to `broker`, which it must like.
std::string hello_to(const Broker& broker, std::initializer_list<std::string> words) {
  Relay relay{broker.port()};
  relay.record();
  check_exit(run(pub_to("localhost", relay.port(), words)), 0);
  return relay.recorded();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a broker whose authority is named is verified and used by both programs") {
  Certificates files;
  Broker broker{with(files.server(), files.server_key())};
  check_exit_within(run(pub_to("localhost", broker.port(), {"--cafile", files.ca(), "-r"})), 0, 2s);
  const auto url = "mqtts://localhost:" + broker.port_text() + "/t";
  const std::vector<std::vector<std::string>> ways{{"--cafile", files.ca()},
                                                   {"--capath", files.ca_path()}};
  for (const auto& way : ways) {
    const auto result =
        run(Command{"mqtt-sub", "-L", url, "-C", "1", "-W", "10", "-o", "raw"}.add(way));
    check_exit(result, 0);
    CHECK(contains(result.out, "\"msg\":\"hi\""));
    CHECK(result.err.empty());
  }
  for (const std::string scheme : {"ssl", "tls"}) {
    check_exit(run({"mqtt-pub", "-L", scheme + "://localhost:" + broker.port_text(), "--cafile",
                    files.ca(), "t", "hi"}),
               0);
  }
}

TEST_CASE("an authority may come from the environment") {
  Certificates files;
  Broker broker{with(files.server(), files.server_key())};
  auto command = pub_to("localhost", broker.port(), {});
  check_exit(run(command.environment("MQTT_CAFILE", files.ca())), 0);
}

TEST_CASE("an IPv4 address is verified against the addresses of the certificate") {
  Certificates files;
  Broker fits{with(files.addresses(), files.server_key())};
  check_exit(run(pub_to("127.0.0.1", fits.port(), {"--cafile", files.ca()})), 0);
  Broker other{with(files.server(), files.server_key())};
  const auto result = run(pub_to("127.0.0.1", other.port(), {"--cafile", files.ca()}));
  check_exit(result, 3);
  CHECK(contains(result.err, "not for 127.0.0.1 but for localhost"));
}

TEST_CASE("an IPv6 address is verified against the addresses of the certificate") {
  if (!has_ipv6()) return skip("there is no IPv6 here");
  Certificates files;
  auto options = with(files.addresses(), files.server_key());
  options.family = Family::ipv6;
  Broker fits{options};
  for (const std::string host : {"::1", "[::1]", "0:0::1"}) {
    CAPTURE(host);
    check_exit(run(pub_to(host, fits.port(), {"--cafile", files.ca(), "-r"})), 0);
  }
  const auto url = "mqtts://[::1]:" + fits.port_text() + "/t";
  check_exit(run({"mqtt-sub", "-L", url, "--cafile", files.ca(), "-C", "1", "-W", "10"}), 0);
  check_exit(run(pub_to("::1", fits.port(), {"--tls", "--insecure"})), 0);

  options.certificate = files.named("::1", "DNS:localhost,DNS:::1,DNS:[::1,IP:127.0.0.1");
  Broker other{options};
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    auto command = other.command(program, {"-t", "t", "--cafile", files.ca()});
    command.add({"-h", "::1"});
    if (program == "mqtt-pub") command.add({"-m", "hi"});
    CAPTURE(command.text());
    const auto refused = run(command);
    check_exit_within(refused, 3, 3s);
    CHECK(contains(refused.err, "not for ::1 but for localhost, ::1"));
    CHECK(contains(refused.err, "an address must be among its IP addresses"));
  }
  check_exit(run(pub_to("localhost", other.port(), {"--cafile", files.ca()})), 0);
}

TEST_CASE("the certificate of a broker must name the host by the strict rules in both programs") {
  Certificates files;
  struct Case {
    std::string host;
    std::string certificate;
    int exit;
  };
  const std::vector<Case> cases{
      {"127.0.0.1", files.named("127.0.0.1", "DNS:127.0.0.1,DNS:*.0.0.1"), 3},
      {"127.0.0.1", files.named("127.0.0.1", ""), 3},
      {"127.1", files.named("cn", "DNS:127.1"), 3},
      {"127.1", files.named("cn", "IP:127.0.0.1"), 0},
      {"localhost", files.named("localhost", ""), 0},
      {"localhost", files.named("localhost", "DNS:other.example"), 3},
      {"localhost", files.named("localhost", "IP:127.0.0.1"), 3},
      {"localhost.", files.named("cn", "DNS:localhost"), 0},
      {"LOCALHOST", files.named("cn", "DNS:localhost"), 0},
      {"localhost", files.named_raw("cn", std::string{"localhost\0.example", 18}), 3},
      {"foo.more.localhost", files.named("cn", "DNS:*.more.localhost"), 0},
      {"foo.more.localhost", files.named("cn", "DNS:f*.more.localhost"), 3},
  };
  for (const auto& each : cases) {
    CAPTURE(each.host, each.certificate);
    Broker broker{with(each.certificate, files.server_key())};
    for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
      Command command{program, "-h", each.host, "-p", broker.port_text(), "-t", "t"};
      command.add({"--cafile", files.ca()});
      if (program == "mqtt-pub") command.add({"-m", "hi", "-r"});
      if (program == "mqtt-sub") command.add({"-C", "1", "-W", "10"});
      CAPTURE(command.text());
      const auto result = run(command);
      check_exit(result, each.exit);
      const auto words = "the broker's certificate is not for " + each.host;
      CHECK(contains(result.err, words) == (each.exit != 0));
    }
    // Whatever else verifies: the broker has seen a client only where it was to be.
    CHECK(contains(broker.log(), "New client connected") == (each.exit == 0));
  }
}

TEST_CASE("a broker is asked for its certificate by name and never by address") {
  Certificates files;
  Broker broker{with(files.addresses(), files.server_key())};
  Relay relay{broker.port()};
  relay.record();
  check_exit(run(pub_to("127.0.0.1", relay.port(), {"--cafile", files.ca()})), 0);
  CHECK_FALSE(contains(relay.recorded(), "127.0.0.1"));

  Broker named{with(files.server(), files.server_key())};
  Relay wire{named.port()};
  wire.record();
  check_exit(run(pub_to("localhost.", wire.port(), {"--cafile", files.ca()})), 0);
  CHECK(contains(wire.recorded(), "localhost"));
  CHECK_FALSE(contains(wire.recorded(), "localhost."));
}

TEST_CASE("option --insecure verifies nothing, and says so once even with --quiet") {
  Certificates files;
  for (const auto& certificate : {files.expired(), files.self_signed(), files.other_name()}) {
    CAPTURE(certificate);
    Broker broker{with(certificate, files.server_key())};
    const auto result = run(pub_to("localhost", broker.port(), {"--tls", "--insecure", "--quiet"}));
    check_exit(result, 0);
    const auto first = result.err.find("--insecure");
    REQUIRE(first != std::string::npos);
    CHECK(result.err.find("--insecure", first + 1) == std::string::npos);
  }
}

TEST_CASE("a broker that wants a client certificate gets it, with and without a passphrase") {
  Certificates files;
  const TemporaryDirectory directory;
  const auto passphrase = directory.write("passphrase", Certificates::passphrase() + "\n");
  auto options = with(files.server(), files.server_key());
  options.ca_file = files.ca();
  options.lines = "require_certificate true\nuse_identity_as_username true\n";
  Broker broker{options};
  const auto certified = [&](std::initializer_list<std::string> words) {
    return run(pub_to("localhost", broker.port(), {"--cafile", files.ca()}).add(words));
  };
  check_exit(certified({"--cert", files.client(), "--key", files.client_key()}), 0);
  check_exit(certified({"--cert", files.client(), "--key", files.encrypted_key(), "--keypass-file",
                        passphrase}),
             0);
  const auto both =
      directory.write("both.pem", read_file(files.client()) + read_file(files.client_key()));
  check_exit(certified({"--cert", both}), 0);
  CHECK(broker.wait_for_log("u'a client'", patience, 3));

  const auto none = certified({});
  check_exit(none, 3);
  CHECK(contains(none.err, "the broker wants a client certificate (--cert and --key)"));
  const auto stranger = certified({"--cert", files.other_client(), "--key", files.client_key()});
  check_exit(stranger, 3);
  CHECK(contains(stranger.err, "the broker refuses our certificate " + files.other_client()));
  const auto unasked = certified({"--cert", files.client(), "--key", files.encrypted_key()});
  check_exit_within(unasked, 2, 1s);
  CHECK(contains(unasked.err, "--keypass-file"));
}

TEST_CASE("a pre-shared key opens the connection, and a wrong one does not") {
  const TemporaryDirectory directory;
  BrokerOptions options;
  options.lines = "psk_hint hint\nuse_identity_as_username true\npsk_file " +
                  directory.write("keys", "me:0123456789abcdef\n") + "\n";
  Broker broker{options};
  const auto keyed = [&](std::initializer_list<std::string> words) {
    const auto result = run(pub_to("localhost", broker.port(), words));
    CHECK_FALSE(contains(result.err, "456789abcde"));
    return result;
  };
  check_exit(keyed({"--psk-identity", "me", "--psk", "0123456789abcdef"}), 0);
  check_exit(keyed({"--psk-identity", "me", "--psk-file",
                    directory.write("right", "0123456789ABCDEF\n"), "-V", "3.1.1"}),
             0);
  CHECK(broker.wait_for_log("u'me'", patience, 2));
  for (const auto& [identity, key] : {std::pair<std::string, std::string>{"me", "0123456789abcdee"},
                                      {"you", "0123456789abcdef"}}) {
    CAPTURE(identity, key);
    const auto result = keyed({"--psk-identity", identity, "--psk", key});
    check_exit_within(result, 3, 3s);
    CHECK(contains(result.err, "refuses the pre-shared key or its identity '" + identity + "'"));
  }
}

TEST_CASE("with a pre-shared key a certificate opens nothing") {
  Certificates files;
  Broker broker{with(files.server(), files.server_key())};
  const auto result =
      run(pub_to("localhost", broker.port(), {"--psk-identity", "me", "--psk", "00ff"}));
  check_exit(result, 3);
  CHECK(contains(result.err, "does not take pre-shared keys"));
}

TEST_CASE("versions, ciphers and application protocols are offered as asked") {
  Certificates files;
  Broker broker{with(files.server(), files.server_key())};
  const std::string only_1_3{"\x00\x2b\x00\x03\x02\x03\x04", 7};  // RFC 8446 §4.2.1
  const std::string from_1_2{"\x00\x2b\x00\x05\x04\x03\x04\x03\x03", 9};
  constexpr std::size_t aes_128 = 0xC02B;  // ECDHE-ECDSA-AES128-GCM-SHA256
  constexpr std::size_t aes_256 = 0xC02C;  // ECDHE-ECDSA-AES256-GCM-SHA384

  const auto usual = hello_to(broker, {"--cafile", files.ca()});
  CHECK(contains(usual, from_1_2));
  CHECK(offers(usual, aes_128));
  CHECK(offers(usual, aes_256));
  CHECK(contains(usual, "localhost"));  // the name, so that a broker can choose its certificate

  for (const std::string version : {"1.2", "tlsv1.2"}) {
    CHECK(contains(hello_to(broker, {"--cafile", files.ca(), "--tls-version", version}), from_1_2));
  }
  for (const std::string version : {"1.3", "tlsv1.3"}) {
    CHECK(contains(hello_to(broker, {"--cafile", files.ca(), "--tls-version", version}), only_1_3));
  }
  const auto strict =
      hello_to(broker, {"--cafile", files.ca(), "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"});
  CHECK_FALSE(offers(strict, aes_128));
  CHECK(offers(strict, aes_256));
  const auto named =
      hello_to(broker, {"--cafile", files.ca(), "--tls-alpn", "x-amzn-mqtt-ca,mqtt"});
  CHECK(contains(named, "\x0ex-amzn-mqtt-ca\x04mqtt"));
}

TEST_CASE("a TLS option without TLS is refused before connecting") {
  Certificates files;
  const TemporaryDirectory directory;
  const auto port = std::to_string(closed_port());
  const std::vector<std::vector<std::string>> options{
      {"--tls"},
      {"--cafile", files.ca()},
      {"--capath", files.ca_path()},
      {"--cert", files.client(), "--key", files.client_key()},
      {"--key", files.client_key()},
      {"--keypass-file", directory.write("passphrase", "secret\n")},
      {"--insecure"},
      {"--ciphers", "DEFAULT"},
      {"--tls-version", "1.2"},
      {"--tls-alpn", "mqtt"},
      {"--psk-identity", "me", "--psk", "00ff"},
      {"--psk-identity", "me"},
      {"--psk-identity", "me", "--psk-file", directory.write("key", "00ff\n")},
  };
  for (const std::string scheme : {"mqtt://", "ws://"}) {
    for (const auto& words : options) {
      const auto command =
          Command{"mqtt-pub", "-L", scheme + "127.0.0.1:" + port, "t", "hi"}.add(words);
      CAPTURE(command.text());
      const auto result = run(command);
      check_exit_within(result, 2, 1s);
      CHECK(
          (contains(result.err, words.at(0)) || contains(result.err, words.at(words.size() / 2))));
    }
  }
  const auto result = run({"mqtt-pub", "-h", "127.0.0.1", "-p", port, "--insecure", "t", "hi"});
  check_exit(result, 2);
  CHECK(contains(result.err, "--insecure"));
}

TEST_CASE("port 8883 means TLS, and plain text to it is refused") {
  Certificates files;
  // Of all loopback addresses one that no other test has: the port is given.
  const auto number = getpid();
  const auto host =
      "127.88." + std::to_string(number / 250 % 250) + "." + std::to_string(number % 250 + 1);
  auto options = with(files.server(), files.server_key());
  options.lines = "listener 8883 " + host + "\ncertfile " + files.server() + "\nkeyfile " +
                  files.server_key() + "\n";
  const Broker broker{options};
  const std::vector<std::vector<std::string>> encrypted{
      {"-h", host, "-p", "8883"}, {"-h", host + ":8883"}, {"-L", "mqtts://" + host}};
  for (const auto& words : encrypted) {
    // --insecure only says how: without TLS it is an error.
    const auto command = Command{"mqtt-pub", "--insecure", "t", "hi"}.add(words);
    CAPTURE(command.text());
    check_exit(run(command), 0);
  }
  const std::vector<std::vector<std::string>> plain{{"-L", "mqtt://" + host + ":8883"},
                                                    {"-L", "mqtt://" + host, "-p", "8883"},
                                                    {"-L", "ws://" + host + ":8883/mqtt"}};
  for (const auto& words : plain) {
    const auto command = Command{"mqtt-pub", "t", "hi"}.add(words);
    CAPTURE(command.text());
    const auto result = run(command);
    check_exit(result, 2);
    CHECK(contains(result.err, "8883"));
    CHECK(contains(result.err, "s://"));
  }
}
