// SPDX-License-Identifier: MIT
#include "cli/connection_options.hpp"

#include "catch.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

TEST_CASE("a plain scheme beside a TLS option on the command line is refused, not guessed at") {
  FakeEnvironment fake;
  CHECK(fake.pub_error({"-L", "mqtt://h", "--cafile", "f", "t", "m"}) ==
        "--cafile asks for TLS, but mqtt:// of --url is plain text; write mqtts://");
  CHECK(fake.pub_error({"-L", "ws://h", "--tls", "t", "m"}) ==
        "--tls asks for TLS, but ws:// of --url is plain text; write wss://, or --no-tls beside it "
        "for plain text");
}

TEST_CASE("a TLS option from the environment gives way to a scheme on the command line") {
  FakeEnvironment fake;
  fake.variables["MQTT_CAFILE"] = "f";
  CHECK_FALSE(fake.pub({"-L", "mqtt://h", "t", "m"}).connection.tls.on);
  CHECK(fake.pub({"-h", "h", "t", "m"}).connection.tls.on);
  fake.variables["MQTT_URL"] = "mqtt://h";
  CHECK_FALSE(fake.pub({"t", "m"}).connection.tls.on);
}

TEST_CASE("a TLS option of a stronger source turns TLS on, whatever a weaker scheme says") {
  FakeEnvironment fake;
  fake.variables["MQTT_URL"] = "mqtt://h";
  CHECK(fake.pub({"--tls", "t", "m"}).connection.tls.on);
  CHECK(fake.pub({"-p", "8883", "t", "m"}).connection.tls.on);
}

TEST_CASE("plain text never goes to port 8883") {
  FakeEnvironment fake;
  CHECK(fake.pub_error({"-L", "mqtt://h:8883", "t", "m"}) ==
        "--url: port 8883 speaks TLS, but mqtt:// of --url is plain text; write mqtts://");
  CHECK(fake.pub_error({"-L", "mqtt://h", "-p", "8883", "t", "m"}) ==
        "--port: port 8883 speaks TLS, but mqtt:// of --url is plain text; write mqtts://");
  fake.variables["MQTT_PORT"] = "8883";
  CHECK_FALSE(fake.pub({"-L", "mqtt://h", "t", "m"}).connection.tls.on);  // To another port.
  CHECK(fake.pub({"-h", "h", "t", "m"}).connection.tls.on);
}

TEST_CASE("what asks for TLS by name is not undone by the scheme of a URL") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  fake.variables["XDG_CONFIG_HOME"] = folder.path;
  const std::string path = folder.write("mqtt-tools/config.toml", "tls = true\n");
  const std::string line = path + ":1: tls asks for TLS, but ";
  const std::string advice = " is plain text; write mqtts://, or --no-tls beside it for plain text";
  CHECK(fake.pub_error({"-L", "mqtt://h", "t", "m"}) == line + "mqtt:// of --url" + advice);
  CHECK(fake.sub_error({"-L", "tcp://h:1883", "t"}) == line + "mqtt:// of --url" + advice);
  CHECK(fake.sub_error({"-L", "ws://h", "t"}).rfind(line + "ws:// of --url", 0) == 0);
  CHECK(fake.sub({"-L", "mqtts://h", "t"}).connection.tls.on);
  CHECK(fake.sub({"-h", "h", "t"}).connection.tls.on);
  fake.variables["MQTT_URL"] = "mqtt://h";
  CHECK(fake.pub_error({"t", "m"}) == line + "mqtt:// of MQTT_URL" + advice);
  fake.variables.erase("MQTT_URL");
  const std::string profile = folder.write("mqtt-tools/lab.toml", "url = \"mqtt://h\"\n");
  CHECK(fake.pub_error({"--profile", "lab", "t", "m"}) ==
        line + "mqtt:// of " + profile + ":1: url" + advice);
  CHECK(fake.pub_error({"--tls", "-L", "mqtt://h", "t", "m"}).rfind("--tls asks", 0) == 0);
}

TEST_CASE("option --no-tls and tls = false undo what weaker sources say, and only that") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  fake.variables["XDG_CONFIG_HOME"] = folder.path;
  const auto config = [&](const std::string& text) {
    return folder.write("mqtt-tools/config.toml", text);
  };
  const auto on = [&](Words words) {
    words.push_back("t");
    return fake.sub(words).connection.tls.on;
  };
  config("tls = true\n");
  CHECK_FALSE(on({"--no-tls"}));
  CHECK_FALSE(on({"--no-tls", "-L", "mqtt://h"}));
  folder.write("mqtt-tools/lab.toml", "tls = false\nurl = \"mqtt://h\"\n");
  CHECK_FALSE(on({"--profile", "lab"}));
  folder.write("mqtt-tools/lab.toml", "no-tls = true\n");
  CHECK_FALSE(on({"--profile", "lab"}));
  CHECK(on({"--profile", "lab", "--tls"}));
  CHECK(on({"--profile", "lab", "-L", "mqtts://h"}));
  CHECK(on({"--profile", "lab", "--cafile", "f"}));
  CHECK(on({"--profile", "lab", "-p", "8883"}));

  config("cafile = \"f\"\n");
  CHECK(on({}));
  CHECK_FALSE(on({"--no-tls"}));
  CHECK_FALSE(on({"-L", "mqtt://h"}));  // An authority alone asks for nothing.
  config("url = \"mqtts://h\"\n");
  CHECK_FALSE(on({"--no-tls"}));
  config("");
  CHECK(fake.sub_error({"--no-tls", "-L", "mqtts://h", "t"}) ==
        "--no-tls is plain text, but mqtts:// of --url is TLS; leave one of them out");
  CHECK(fake.sub_error({"--no-tls", "--cafile", "f", "t"}) ==
        "--cafile asks for TLS, but --no-tls is plain text; leave one of them out");
  CHECK(fake.sub_error({"--no-tls", "-p", "8883", "t"}) ==
        "--port: port 8883 speaks TLS, but --no-tls is plain text; give another port");
  CHECK(fake.sub_error({"--no-tls", "--tls", "t"}).find("exclude each other") != std::string::npos);
  CHECK(fake.sub_error({"--no-tls", "--insecure", "t"}).rfind("--insecure needs TLS", 0) == 0);
}

TEST_CASE("TLS options that cannot go together are refused") {
  struct Row {
    Words words;
    std::string error;
  };
  const std::vector<Row> rows{
      {{"--insecure"}, "--insecure needs TLS: add --tls, or write mqtts:// or wss://"},
      {{"--key", "k"}, "--key needs --cert, the certificate of the key"},
      {{"--keypass-file", "f"}, "--keypass-file needs --cert, the certificate of the key"},
      {{"--psk-identity", "me"}, "--psk-identity needs --psk or --psk-file"},
      {{"--psk", "00"}, "--psk needs --psk-identity, the name that the broker knows it by"},
      {{"--psk", "xyz", "--psk-identity", "me"},
       "--psk must be a key in hex digits, two for each byte"},
      {{"--psk", "123", "--psk-identity", "me"},
       "--psk must be a key in hex digits, two for each byte"},
      {{"--psk", "00", "--psk-identity", "me", "--cafile", "f"},
       "--cafile and --psk exclude each other: a pre-shared key knows no certificates"},
      {{"--psk", "00", "--psk-identity", "me", "--insecure"},
       "--insecure and --psk exclude each other: a pre-shared key knows no certificates"},
      {{"--psk", "00", "--psk-identity", "me", "--tls-version", "1.3"},
       "--tls-version must be 1.2 with a pre-shared key"},
      {{"--psk", "00", "--psk-file", "f"},
       "--psk and --psk-file exclude each other, use one of them"},
      {{"--ciphers", "ALL:@seclevel=0"},
       "--ciphers must be an OpenSSL cipher list without @SECLEVEL, not 'ALL:@seclevel=0'"},
      {{"--tls-version", "1.1"},
       "--tls-version must be one of 1.2, 1.3, tlsv1.2, tlsv1.3, not '1.1'"},
      {{"--tls-alpn", "a,,b"},
       "--tls-alpn must be names of 1 to 255 bytes with commas between, not 'a,,b'"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    Words words = row.words;
    words.insert(words.end(), {"t", "m"});
    CHECK(FakeEnvironment{}.pub_error(words) == row.error);
  }
}

TEST_CASE("a pre-shared key stands alone, and weaker sources' certificates are left out") {
  FakeEnvironment fake;
  fake.variables["MQTT_CAFILE"] = "f";
  const connection::Tls tls =
      fake.pub({"--psk", "00", "--psk-identity", "me", "t", "m"}).connection.tls;
  CHECK(tls.psk == "00");
  CHECK(tls.ca_file.empty());
}

TEST_CASE("option --insecure is said aloud also with --quiet") {
  const run::Verbosity verbosity =
      FakeEnvironment{}.pub({"--tls", "--insecure", "--quiet", "t", "m"}).verbosity;
  REQUIRE(verbosity.warnings.size() == 1);
  CHECK(verbosity.warnings[0].always);
  CHECK(verbosity.quiet);
}

TEST_CASE("keys and passphrases come from files, the first line of them") {
  const TemporaryFolder folder;
  const std::string phrase = folder.write("phrase", "open sesame\r\nrest\n");
  const std::string psk = folder.write("psk", "00ff\n");
  FakeEnvironment fake;
  CHECK(
      fake.pub({"--cert", "c", "--keypass-file", phrase, "t", "m"}).connection.tls.key_passphrase ==
      "open sesame");
  CHECK(fake.pub({"--psk-file", psk, "--psk-identity", "me", "t", "m"}).connection.tls.psk ==
        "00ff");
}
