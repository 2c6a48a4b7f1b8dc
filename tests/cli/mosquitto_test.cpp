// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "cli/configuration.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::cli;
using namespace std::chrono_literals;

namespace {

/// An environment under the name of one of mosquitto's clients.
struct TheirName : FakeEnvironment {
  TheirName() { mosquitto = true; }
};

Words filters(const SubOptions& options) {
  Words found;
  for (const auto& subscription : options.subscriptions) found.push_back(subscription.filter);
  return found;
}

}  // namespace

TEST_CASE("a program is taken for one of mosquitto's by the last part of its path") {
  for (const char* path : {"mosquitto_pub", "/usr/local/bin/mosquitto_sub", "./mosquitto_pub"}) {
    CHECK(is_mosquitto_name(path));
  }
  for (const char* path :
       {"mqtt-pub", "mosquitto_pub/mqtt-pub", "", "mosquitto_publish", "mosquitto_rr"}) {
    CHECK_FALSE(is_mosquitto_name(path));
  }
}

TEST_CASE("mosquitto's defaults are weaker than all that is said") {
  TheirName fake;
  const PubOptions plain = fake.pub({"-t", "t", "-m", "m"});
  CHECK(plain.envelope.raw);
  CHECK(plain.source.prototype.qos == Qos::at_most_once);
  CHECK(plain.connection.keep_alive == 60s);
  CHECK_FALSE(fake.pub({"-t", "t", "-m", "m", "--envelope"}).envelope.raw);
  CHECK(fake.sub_error({"-t", "t", "-M", "5", "-V", "mqttv311"}).empty());
  CHECK_FALSE(fake.pub({"-t", "t", "-m", "1", "--json"}).envelope.raw);
  CHECK(fake.pub({"-t", "t", "-m", "m", "-q", "2"}).source.prototype.qos == Qos::exactly_once);
  fake.terminal = true;
  CHECK(fake.sub({"-t", "t"}).output.form == output::PrinterOptions::Form::raw);
  CHECK(fake.sub({"-t", "t", "-F", "%p"}).output.form == output::PrinterOptions::Form::format);
  CHECK(fake.sub({"-t", "t"}).subscriptions.at(0).qos == Qos::at_most_once);
  CHECK(filters(fake.sub({"-L", "mqtt://h/a", "-t", "b"})) == Words{"b", "a"});
  CHECK(fake.pub({"-t", "a", "-t", "b", "-m", "m"}).source.prototype.topic == "b");
  CHECK(fake.pub({"-p", "1", "--unix", "s", "-t", "t", "-m", "m"}).connection.endpoints.size() ==
        1);
  CHECK(fake.pub({"-k", "5", "-k", "6", "-t", "t", "-m", "m"}).connection.keep_alive == 6s);
}

TEST_CASE("under mosquitto's names --insecure leaves the chain to be verified") {
  const auto theirs = TheirName{}.sub({"-t", "t", "--tls", "--insecure"}).connection.tls;
  CHECK(theirs.verify);
  CHECK_FALSE(theirs.verify_name);
  const auto ours = FakeEnvironment{}.sub({"-t", "t", "--tls", "--insecure"}).connection.tls;
  CHECK_FALSE(ours.verify);
  CHECK(ours.verify_name);
}

TEST_CASE("mosquitto's own file gives an option a line, and the command line wins") {
  const TemporaryFolder folder;
  TheirName fake;
  fake.variables = {{"HOME", folder.path}, {"MQTT_HOST", "nowhere"}, {"MQTT_RAW", "nonsense"}};
  folder.write(".config/mosquitto_pub",
               "# a comment\n-h filed\r\n-q 1\n-q 2\n--retain\n\n"
               "-m two  blanks \n-D publish user-property k a b\n");
  const PubOptions options = fake.pub({"-t", "t"});
  CHECK(options.connection.endpoints.at(0).host == "filed");
  CHECK(options.source.prototype.qos == Qos::exactly_once);
  CHECK(options.source.prototype.retained);
  CHECK(options.source.text == "two  blanks ");
  CHECK(options.source.prototype.properties.user.at(0).second == "a b");
  CHECK(fake.pub({"-t", "t", "-h", "said", "-m", "m"}).source.text == "m");
  CHECK(fake.pub({"-t", "t", "-h", "said"}).connection.endpoints.size() == 1);

  folder.write(".config/mosquitto_sub", "-t filed\n-T out\n");
  CHECK(filters(fake.sub({"-t", "said"})) == Words{"filed", "said"});
  CHECK(filters(fake.sub({})) == Words{"filed"});
}

TEST_CASE("what is wrong in mosquitto's own file is named with its line") {
  const TemporaryFolder folder;
  TheirName fake;
  fake.variables = {{"XDG_CONFIG_HOME", folder.path}};
  const std::string path = folder.path + "/mosquitto_pub";
  const std::string form = "a line is an option and its value, as in -h broker.example";
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"-h a\n-q 7\n", ":2: qos must be a whole number from 0 to 2, not '7'"},
           {"\n--nonsense\n", ":2: unknown option --nonsense; see --help all"},
           {"host a\n", ":1: " + form},
           {"-p\n", ":1: --port needs N after it"},
           {"-r yes\n", ":1: " + form}}) {
    folder.write("mosquitto_pub", text);
    CAPTURE(text);
    CHECK(fake.pub_error({"-t", "t", "-m", "m"}) == path + error);
  }
  folder.write("mosquitto_pub", "-P s3cret\n", 0644);
  const PubOptions options = fake.pub({"-u", "joe", "-t", "t", "-m", "m"});
  CHECK(options.connection.credentials.password == "s3cret");
  REQUIRE_FALSE(options.verbosity.warnings.empty());
  CHECK(options.verbosity.warnings[0].text ==
        path + ":1: others may read this password (chmod 600 helps)");
}

TEST_CASE("under mosquitto's names our configuration is not read, and asking for it is refused") {
  const TemporaryFolder folder;
  TheirName fake;
  fake.variables = {{"XDG_CONFIG_HOME", folder.path}, {"MQTT_PROFILE", "none"}};
  folder.write("mqtt-tools/config.toml", "nonsense");
  CHECK(fake.pub_error({"-t", "t", "-m", "m"}) == "");
  CHECK(fake.pub_error({"-t", "t", "-m", "m", "--config", "x"}) ==
        "--config is for mqtt-pub and mqtt-sub by their own names: under mosquitto's only "
        "mosquitto's configuration is read");
}

TEST_CASE("mosquitto's spellings are accepted under every name") {
  for (const bool theirs : {false, true}) {
    FakeEnvironment fake;
    fake.mosquitto = theirs;
    using Kind = feed::SourceOptions::Kind;
    CHECK(fake.pub({"-t", "t", "--stdin-line"}).source.kind == Kind::lines);
    CHECK(fake.pub({"-t", "t", "--stdin-file"}).source.kind == Kind::whole);
    CHECK(fake.pub({"-t", "t", "-m", "m", "-M", "5"}).window == 5);
    CHECK(fake.pub({"-t", "t", "-m", "m", "--max-inflight", "5"}).window == 5);
    CHECK(fake.sub({"-t", "t", "-M", "5"}).connection.receive_maximum == 5);
    CHECK(fake.sub({"-t", "t", "--tls-use-os-certs"}).connection.tls.on);
    CHECK(fake.sub({"-t", "t", "--ws"}).connection.transport == connection::Transport::websocket);
    CHECK_FALSE(
        fake.sub({"-t", "t", "-i", "me", "--disable-clean-session"}).connection.clean_start);
    CHECK(filters(fake.sub({"--nodelay", "-t", "t", "--keyform", "pem"})) == Words{"t"});
    CHECK(filters(fake.sub({"--keyform=PEM", "t"})) == Words{"t"});
    CHECK(fake.sub({"-i", "a", "-x", "\u221e", "t"}).connection.session_expiry == 0x7FFF'FFFFU);
    CHECK(fake.sub_error({"t", "--keyform", "engine"}) ==
          "unknown option --keyform; there is none for keys in an OpenSSL engine; --key FILE takes "
          "a key in PEM");
    CHECK(fake.sub_error({"t", "--keyform"}) ==
          "--keyform needs pem after it, which is what --key takes anyway");
  }
}

TEST_CASE("a scheme of a stronger source wins over a ws of a file") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  const std::string path = folder.write("c.toml", "ws = true\n");
  const auto transport = [&](const Words& words) {
    Words all{"--config", path, "t"};
    all.insert(all.end(), words.begin(), words.end());
    return fake.sub(all).connection.transport;
  };
  CHECK(transport({}) == connection::Transport::websocket);
  CHECK(transport({"-h", "h"}) == connection::Transport::websocket);
  CHECK(transport({"-L", "mqtt://h"}) == connection::Transport::tcp);
  CHECK(transport({"-L", "mqtt://h", "--ws"}) == connection::Transport::websocket);
}

TEST_CASE("the envelope may be left out once for all, and asked for again") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  const std::string raw =
      folder.write("raw.toml", "raw = true\ntime-format = \"unix\"\nutc = true\n");
  const auto is_raw = [&](const Words& words) {
    Words all{"t", "1"};
    all.insert(all.end(), words.begin(), words.end());
    return fake.pub(all).envelope.raw;
  };
  CHECK_FALSE(is_raw({}));
  CHECK(is_raw({"--config", raw}));
  CHECK_FALSE(is_raw({"--config", raw, "--envelope"}));
  const std::vector<Words> needing{
      {"--field", "a=b"},       {"--json"},          {"--encode", "cbor"},  {"--utc"},
      {"--time-format", "iso"}, {"--time-key", "t"}, {"--message-key", "m"}};
  for (const Words& needs : needing) {
    Words words{"--config", raw};
    words.insert(words.end(), needs.begin(), needs.end());
    CAPTURE(needs[0]);
    CHECK_FALSE(is_raw(words));
  }
  CHECK(is_raw({"--config", raw, "--json", "--raw"}));
  for (const char* on : {"1", "true", "YES", "on"}) {
    fake.variables["MQTT_RAW"] = on;
    CHECK(is_raw({}));
    CHECK_FALSE(is_raw({"--envelope"}));
  }
  for (const char* off : {"0", "false", "No", "off"}) {
    fake.variables["MQTT_RAW"] = off;
    CHECK_FALSE(is_raw({"--config", raw}));
    CHECK(is_raw({"--raw"}));
  }
  fake.variables["MQTT_RAW"] = "maybe";
  CHECK(fake.pub_error({"t", "m"}) == "MQTT_RAW must be 1 or 0, not 'maybe'");
  CHECK(FakeEnvironment{}.pub_error({"t", "m", "--raw", "--envelope"}) ==
        "--raw and --envelope exclude each other, use one of them");
  CHECK(fake.sub_error({"t"}) == "");
  CHECK(fake.sub_error({"t", "--config", raw}) == "");
  fake.variables.clear();
  CHECK(fake.pub({"--config", folder.write("time.toml", "time-format = \"unix\"\n"), "t", "m"})
            .envelope.time_format.text(Timestamp{}) == "0");
}
