// SPDX-License-Identifier: MIT
//
// The eight ways in which TLS fails: each has its own sentence, and none of those that asked for
// TLS sends a byte of MQTT in plain text.

#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/programs.hpp"
#include "support/relay.hpp"

#include <algorithm>
#include <filesystem>

using namespace mqtt_tools::support;

namespace {

/// Whether these are TLS records from end to end, none of which carries data of an application
/// (RFC 8446 §5.1). Nothing at all is as good.
bool only_handshakes(const std::string& bytes) {
  std::size_t at = 0;
  while (at + 5 <= bytes.size()) {
    const auto byte = [&](std::size_t offset) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + offset]));
    };
    if (byte(0) < 20 || byte(0) > 23 || byte(1) != 3) return false;
    at += 5 + byte(3) * 256 + byte(4);
  }
  return at == bytes.size();
}

BrokerOptions with(const std::string& certificate, const std::string& key) {
  BrokerOptions options;
  options.certificate = certificate;
  options.key = key;
  return options;
}

/// Runs mqtt-pub and mqtt-sub against `broker`, through a wire that is listened to: they must
/// end with 3 and say `words`, and only what is TLS may have left them.
void fails(const Broker& broker, const std::string& words,
           const std::vector<std::string>& options) {
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    for (const std::string version : {"auto", "3.1.1"}) {
      Relay relay{broker.port()};
      relay.record();
      auto command = Command{program, "-h",    "localhost", "-p",          relay.port_text(),
                             "-V",    version, "-t",        "secret/topic"};
      if (program == "mqtt-pub") command.add({"-m", "hi"});
      command.add(options);
      CAPTURE(command.text());
      const auto result = run(command);
      check_exit_within(result, 3, 3s);
      CHECK(result.out.empty());
      CHECK(result.err.find(program + ": ") == 0);
      CHECK(result.err.find(words) != std::string::npos);
      // One line, and before it that of --insecure.
      CHECK(std::count(result.err.begin(), result.err.end(), '\n') ==
            1 + std::count(options.begin(), options.end(), "--insecure"));
      const auto sent = relay.recorded();
      CHECK(only_handshakes(sent));
      CHECK(sent.find("MQTT") == std::string::npos);
      CHECK(sent.find("secret/topic") == std::string::npos);
    }
  }
}

}  // namespace

TEST_CASE("records of TLS are told from other bytes") {
  const std::string record{"\x16\x03\x01\x00\x02xy", 7};
  CHECK(only_handshakes(""));
  CHECK(only_handshakes(record + record));
  CHECK_FALSE(only_handshakes(record + "z"));
  CHECK_FALSE(only_handshakes("\x10\x10" + record));
  CHECK_FALSE(only_handshakes(record + std::string{"\x10\x03\x01\x00\x02xy", 7}));
}

TEST_CASE("a certificate that expired is refused with its date") {
  Certificates files;
  const Broker broker{with(files.expired(), files.server_key())};
  fails(broker, "the broker's certificate expired on 2020-01-02 03:04 UTC",
        {"--cafile", files.ca()});
}

TEST_CASE("a certificate that is not valid yet is refused with its date") {
  Certificates files;
  const Broker broker{with(files.not_yet_valid(), files.server_key())};
  fails(broker, "the broker's certificate is not valid before 2120-01-02 03:04 UTC",
        {"--cafile", files.ca()});
}

TEST_CASE("a certificate of an unknown authority is refused with its name") {
  Certificates files;
  const Broker broker{with(files.server(), files.server_key())};
  const std::string words = "the broker's certificate is from an unknown authority, 'Test CA'";
  fails(broker, words, {"--tls"});
  fails(broker, words, {"--cafile", files.other_ca()});
}

TEST_CASE("a certificate for another host is refused with the names that it is for") {
  Certificates files;
  const Broker broker{with(files.other_name(), files.server_key())};
  fails(broker,
        "the broker's certificate is not for localhost but for other.example, *.more.example",
        {"--cafile", files.ca()});
}

TEST_CASE("a key that does not fit its certificate is refused before connecting") {
  Certificates files;
  const Broker broker{with(files.server(), files.server_key())};
  fails(broker, files.server_key() + " does not fit the first certificate in " + files.client(),
        {"--cafile", files.ca(), "--cert", files.client(), "--key", files.server_key()});
  CHECK(broker.log().find("New connection") == std::string::npos);
}

TEST_CASE("a wrong passphrase is refused before connecting, and not repeated") {
  Certificates files;
  const Broker broker{with(files.server(), files.server_key())};
  const auto passphrase = files.file("passphrase", "not sesame\n");
  std::filesystem::permissions(passphrase, std::filesystem::perms::owner_read);
  fails(broker, files.encrypted_key() + " cannot be decrypted: wrong passphrase",
        {"--cafile", files.ca(), "--cert", files.client(), "--key", files.encrypted_key(),
         "--keypass-file", passphrase});
  CHECK(broker.log().find("New connection") == std::string::npos);
  const auto result = run({"mqtt-pub", "t", "hi", "--debug", "--cert", files.client(), "--key",
                           files.encrypted_key(), "--keypass-file", passphrase});
  check_exit(result, 3);
  CHECK(result.err.find("sesame") == std::string::npos);
}

TEST_CASE("a plain-text broker on the port of a TLS broker is told as such") {
  const Broker broker;
  fails(broker, "does not speak TLS (a plain-text port?)", {"--tls"});
  fails(broker, "does not speak TLS (a plain-text port?)", {"--tls", "--insecure", "--quiet"});
}

TEST_CASE("a TLS broker spoken to in plain text is told as such") {
  Certificates files;
  const Broker broker{with(files.server(), files.server_key())};
  for (const std::string program : {"mqtt-pub", "mqtt-sub"}) {
    auto command = Command{program, "-h", "localhost", "-p", broker.port_text(), "-t", "t"};
    if (program == "mqtt-pub") command.add({"-m", "hi"});
    const auto result = run(command);
    check_exit_within(result, 3, 3s);
    CHECK(result.err.find("a TLS broker spoken to in plain text: use mqtts:// or --tls") !=
          std::string::npos);
  }
}

TEST_CASE("a bad certificate is not waited for") {
  Certificates files;
  const Broker broker{with(files.expired(), files.server_key())};
  check_exit_within(run({"mqtt-sub", "-h", "localhost", "-p", broker.port_text(), "--cafile",
                         files.ca(), "--wait", "60", "t"}),
                    3, 3s);
}

TEST_CASE("a certificate that is bad after a restart is told once, and the broker tried on") {
  Certificates files;
  const auto current = files.file("current.pem", "");
  const auto put = [&](const std::string& certificate) {
    const auto overwrite = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(certificate, current, overwrite);
  };
  put(files.server());
  Broker broker{with(current, files.server_key())};
  Process process{Command{"mqtt-sub", "-h", "localhost", "-p", broker.port_text(), "--cafile",
                          files.ca(), "--reconnect-max", "0.05", "-d", "t"}};
  REQUIRE(broker.wait_for_subscription("t"));
  broker.stop();
  put(files.expired());
  broker.start();
  const std::string words = "the broker's certificate expired on 2020-01-02 03:04 UTC";
  REQUIRE(process.wait_for_err(words, patience, 3));
  broker.stop();
  put(files.server());
  broker.start();
  REQUIRE(process.wait_for_err("back"));

  const auto err = process.err();
  const auto told = err.find(words + "; trying again\n");
  CHECK(told != std::string::npos);
  CHECK(err.find("; trying again", told + words.size() + 1) == std::string::npos);
}
