// SPDX-License-Identifier: MIT
//
// What --print-config writes can be given as --config.
#include "catch.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

#include <algorithm>
#include <random>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

namespace {

/// Everything that `--config` can say about a connection, without secrets.
std::string all_of(const connection::Options& options) {
  std::ostringstream all;
  const auto put = [&all](const auto& name, const auto& value) {
    all << name << '=' << value << '\n';
  };
  const auto seconds = [](const auto& value) {
    return std::chrono::duration<double>(value).count();
  };
  const auto properties = [&](const std::string& name, const connection::PropertyList& list) {
    for (const connection::Property& property : list) {
      if (property.identifier == 22) continue;  // Authentication data.
      put(name, property.identifier);
      put(name, property.value.index() == 0 ? std::to_string(std::get<0>(property.value))
                : property.value.index() == 1
                    ? std::get<1>(property.value)
                    : std::get<2>(property.value).first + "=" + std::get<2>(property.value).second);
    }
  };
  for (const connection::Endpoint& endpoint : options.endpoints) {
    put("host", endpoint.host);
    put("port", port_of(endpoint, options));
    if (!endpoint.socket_path.empty()) put("socket", endpoint.socket_path);
  }
  put("websocket", options.transport == connection::Transport::websocket);
  put("path", options.websocket_path.substr(0, options.websocket_path.find('?')));
  put("bind", options.bind);
  put("proxy", options.proxy ? options.proxy->host + std::to_string(options.proxy->port) : "");
  const connection::Tls& tls = options.tls;
  put("tls", tls.on);
  put("verify", tls.verify);
  put("files", tls.ca_file + "|" + tls.ca_path + "|" + tls.certificate + "|" + tls.key);
  put("ciphers", tls.ciphers);
  put("minimum", tls.minimum ? static_cast<int>(*tls.minimum) : -1);
  for (const std::string& name : tls.alpn) put("alpn", name);
  put("version", static_cast<int>(options.version));
  put("id", options.client_id_given ? options.client_id : options.client_id.substr(0, 3));
  put("username", options.credentials.username.value_or("none"));
  put("keep alive", options.keep_alive.count());
  put("clean", options.clean_start);
  put("expiry", options.session_expiry.value_or(1));
  if (options.will) {
    const Message& will = options.will->message;
    put("will", will.topic + "|" + will.payload);
    put("will qos", static_cast<int>(will.qos));
    put("will retained", will.retained);
    put("will delay", options.will->delay.value_or(1));
    properties("will", options.will->properties);
  }
  properties("connect", options.connect_properties);
  properties("disconnect", options.disconnect_properties);
  put("timeout", seconds(options.connect_timeout));
  put("wait", seconds(options.wait));
  put("reconnect", options.reconnect);
  put("reconnect max", seconds(options.reconnect_max));
  put("reconnect for", options.reconnect_for ? seconds(*options.reconnect_for) : -1);
  put("debug", options.debug);
  return all.str();
}

/// Makes sets of options. The same seed makes the same ones.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t most) {
    return std::uniform_int_distribution<std::size_t>{0, most - 1}(engine_);
  }

  bool one_in(std::size_t count) { return below(count) == 0; }

  const std::string& of(const Words& words) { return words[below(words.size())]; }

  std::string text() {
    const Words pieces{
        "a", "b c", "\"", "\\",     "#",   "=",       "é", "信",           "'",
        "/", "?",   "%",  "\"\"\"", "[x]", "\\u0041", " ", "\xE2\x80\xAE", "\xF0\x9F\x98\x80",
        "{", "//",  ";",  "$"};
    std::string made = "t";
    for (std::size_t more = below(5); more > 0; --more) made += of(pieces);
    return made;
  }

  std::string number() { return of({"1", "2", "007", "30", "60"}); }
  std::string seconds() { return of({"1", "0.5", ".5", "7.", "007.250", "3600"}); }

  /// The options of both programs that a file may hold, each with some chance.
  Words words() {
    Words made;
    const auto maybe = [&](std::size_t count, const Words& words) {
      if (one_in(count)) made.insert(made.end(), words.begin(), words.end());
    };
    const Words hosts{"localhost", "h:1884", "::1", "[fe80::1%lo]:5", "127.0.0.1", "H.example."};
    const Words urls{"mqtt://h",
                     "mqtts://u@h/a/b",
                     "ws://h/p?token=s3cret",
                     "wss://u:s3cret@h",
                     "mqtt://h:5/a%20%25/é?#",
                     "ws://[::1]:7/",
                     "mqtt://u:s3cret@h",
                     "tcp://h//x",
                     "wss://h:1/a%2Fb"};
    if (one_in(2)) {
      made = {"-L", of(urls)};
    } else {
      maybe(2, {"-h", of(hosts)});
      maybe(3, {"-h", of(hosts)});
    }
    maybe(5, {"-p", of({"1", "1883", "8883", "65535"})});
    maybe(4, {one_in(2) ? "-i" : "-I", text()});
    maybe(4, {"-u", one_in(5) ? "" : text()});
    maybe(4, {"-P", "s3cret"});
    maybe(9, {"--ask-password"});
    maybe(9, {"--password-file", "-"});
    maybe(4, {"-V", of({"auto", "5", "3.1.1", "31", "mqttv5"})});
    maybe(4, {"-k", number()});
    maybe(6, {"-c"});
    maybe(6, {"-x", one_in(3) ? of({"-1", "1d", "2m30s"}) : number()});
    maybe(4, {"--connect-timeout", seconds()});
    maybe(4, {"--wait", one_in(3) ? of({"500ms", "1h30m", "0.5m"}) : seconds()});
    maybe(6, {"--no-reconnect"});
    maybe(6, {"--reconnect-max", seconds()});
    maybe(6, {"--reconnect-for", seconds()});
    maybe(6, {"--tls"});
    maybe(9, {"--no-tls"});
    maybe(6, {"--insecure"});
    maybe(6, {"--cafile", text()});
    maybe(9, {"--capath", text()});
    maybe(9, {"--cert", text(), "--key", text()});
    maybe(9, {"--ciphers", "HIGH"});
    maybe(9, {"--tls-version", of({"1.2", "1.3", "tlsv1.2"})});
    maybe(9, {"--tls-alpn", "mqtt,x"});
    maybe(9, {"--psk", "5ec2e7", "--psk-identity", text()});
    maybe(6, {"--ws-header", "A: s3cret"});
    maybe(6, {"--http-proxy", of({"http://p", "http://u:s3cret@p:3128", "http://[::1]:1/"})});
    maybe(4, {"--will-topic", text()});
    maybe(12, {"--unix", "/run/" + text()});
    maybe(9, {"--bind", of({"127.0.0.1", "lo", "::1"})});
    maybe(5, {"--will-payload", one_in(6) ? "\xFF" : text()});
    maybe(6, {"--will-qos", of({"0", "1", "02"})});
    maybe(6, {"--will-retain"});
    maybe(9, {"--will-delay", number()});
    maybe(5, {"-D", "connect", "user-property", text(), text()});
    maybe(5, {"-D", "connect", "receive-maximum", number()});
    maybe(9, {"-D", "connect", "authentication-method", "m", "-D", "connect", "authentication-data",
              "s3cret"});
    maybe(9, {"-D", "disconnect", "reason-string", text()});
    maybe(4, {"-q", of({"0", "1", "2"})});
    maybe(4, {"-o", of({"auto", "json", "raw"})});
    maybe(4, {"--color", of({"auto", "always", "never"})});
    maybe(6, {"-d"});
    maybe(6, {"--quiet"});
    return made;
  }

  /// What only the command line can say, and is a comment therefore.
  Words aside(bool subscriber) {
    Words made;
    const auto maybe = [&](const Words& words) {
      if (one_in(4)) made.insert(made.end(), words.begin(), words.end());
    };
    if (subscriber) {
      maybe({"-T", "a\nb = 1"});
      maybe({"-C", "1"});
      maybe({"-N"});
      maybe({"-E"});
      maybe({"--on-ready", "echo \"a\nport = 5\""});
    } else {
      maybe({"-m", "a\nport = 5\xFF"});
      maybe({"-r"});
      maybe({"--field", "a=\x1b[2J"});
      maybe({"--utc"});
      maybe({one_in(2) ? "--raw" : "--envelope"});
      maybe({"--time-format", "\"%H\\"});
    }
    return made;
  }

 private:
  std::mt19937 engine_;
};

/// The connection of a run of either program.
connection::Options connection_of(FakeEnvironment& fake, bool subscriber, Words words) {
  words.insert(words.end(), {"-t", "t"});
  if (subscriber) return fake.sub(words).connection;
  words.insert(words.end(), {"-m", "m"});
  return fake.pub(words).connection;
}

std::string printed_by(FakeEnvironment& fake, bool subscriber, Words words) {
  words.push_back("--print-config");
  fake.out.str("");
  CHECK_FALSE((subscriber ? read_sub(words, fake.environment()).has_value()
                          : read_pub(words, fake.environment()).has_value()));
  return fake.out.str();
}

/// Lines without what follows " # ": where they come from. Comments are left out.
std::string effect_of(const std::string& printed) {
  std::istringstream lines{printed};
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# ", 0) != 0) kept += line.substr(0, line.rfind(" # ")) + "\n";
  }
  kept.erase(std::remove(kept.begin(), kept.end(), ' '), kept.end());
  return kept;
}

}  // namespace

TEST_CASE("what --print-config writes has the same effect as a configuration, for any options") {
  const TemporaryFolder folder;
  for (const bool subscriber : {false, true}) {
    Random random{subscriber ? 48U : 11U};
    int sets = 0;
    for (int tries = 0; tries < 20'000 && sets < 500; ++tries) {
      const Words words = random.words();
      FakeEnvironment fake;
      connection::Options expected;
      try {
        expected = connection_of(fake, subscriber, words);
      } catch (const UsageError&) {
        continue;  // They do not go together.
      }
      ++sets;
      Words more = random.aside(subscriber);
      more.insert(more.begin(), words.begin(), words.end());
      const std::string text = printed_by(fake, subscriber, more);
      CAPTURE(words, text);
      CHECK(text.find("s3cret") == std::string::npos);
      CHECK(text.find("5ec2e7") == std::string::npos);
      CHECK(text.find('\x1b') == std::string::npos);
      const std::string path = folder.write("c.toml", text);
      std::string found;
      try {
        found = all_of(connection_of(fake, subscriber, {"--config", path}));
      } catch (const std::exception& error) {
        FAIL_CHECK(error.what());
        continue;
      }
      // Bytes that TOML cannot hold are comments.
      if (expected.will && expected.will->message.payload == "\xFF") {
        expected.will->message.payload.clear();
      }
      CHECK(found == all_of(expected));
      CHECK(effect_of(printed_by(fake, subscriber, {"--config", path})) == effect_of(text));
    }
    CHECK(sets == 500);
  }
}

TEST_CASE("what --print-config writes with sources of all kinds can be fed back as well") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  fake.variables = {{"XDG_CONFIG_HOME", folder.path},
                    {"MQTT_URL", "ws://far:8080/socket?token=s3cret"},
                    {"MQTT_CAFILE", "/ca.pem"}};
  folder.write("mqtt-tools/config.toml", "tls = true\npsk = \"00\"\npsk-identity = \"me\"\n");
  folder.write("mqtt-tools/lab.toml", "tls = false\nwait = 0.25\n");
  const Words words{"--profile", "lab", "-h", "near", "--insecure", "--tls"};
  const std::string expected = all_of(connection_of(fake, false, words));
  const std::string path = folder.write("c.toml", printed_by(fake, false, words));
  FakeEnvironment bare;
  CHECK(all_of(connection_of(bare, false, {"--config", path})) == expected);
  CHECK(expected.find("host=near\nport=8080\nwebsocket=1\npath=/socket") == 0);
}

TEST_CASE("what --print-config shows is checked first") {
  for (const bool subscriber : {false, true}) {
    for (const Words& wrong : {Words{"-q", "x"}, Words{"-o", "x"}, Words{"--color", "x"}}) {
      FakeEnvironment fake;
      Words words = wrong;
      words.push_back("--print-config");
      CHECK_FALSE((subscriber ? fake.sub_error(words) : fake.pub_error(words)).empty());
    }
  }
}

TEST_CASE("a login that is not used is told by --print-config, too") {
  FakeEnvironment fake;
  fake.variables["MQTT_URL"] = "mqtt://joe:s3cret@far";
  const std::string text = printed_by(fake, false, {"-h", "near"});
  CHECK(text.find("# the user name and password from environment MQTT_URL are for far, not for "
                  "near, and are not sent\n") != std::string::npos);
  CHECK(text.find("joe") == std::string::npos);
}

TEST_CASE("a raw for presence stands in a configuration for mqtt-sub, too") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  const std::string text = printed_by(fake, true, {"--presence", "p", "--raw"});
  const connection::Options options =
      connection_of(fake, true, {"--config", folder.write("c.toml", text)});
  CHECK(options.will.value().message.payload == "offline");
}

TEST_CASE("defaults of a presence and a will are shown where there is one") {
  FakeEnvironment fake;
  const std::string bare = printed_by(fake, false, {});
  CHECK(bare.find("presence") == std::string::npos);
  CHECK(bare.find("will-qos") == std::string::npos);
  const std::string present = printed_by(fake, false, {"--presence", "p"});
  CHECK(present.find("presence-online = \"online\"") != std::string::npos);
  CHECK(printed_by(fake, false, {"--will-topic", "w"}).find("will-qos = ") != std::string::npos);
}
