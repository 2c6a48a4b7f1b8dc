// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <map>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

namespace {

/// A user without the powers of root, as long as it lives: root may read everything.
struct OtherUser {
  OtherUser() { CHECK((::geteuid() != 0 || ::seteuid(65'534) == 0)); }
  ~OtherUser() { static_cast<void>(::seteuid(::getuid())); }
  OtherUser(const OtherUser&) = delete;
  OtherUser& operator=(const OtherUser&) = delete;
};

/// An environment with a home that holds configuration files.
struct Home {
  Home() { fake.variables["XDG_CONFIG_HOME"] = folder.path; }

  std::string write(const std::string& name, const std::string& text) const {
    return folder.write("mqtt-tools/" + name, text);
  }

  connection::Options connection(Words words) {
    words.insert(words.end(), {"t", "m"});
    return fake.pub(words).connection;
  }

  TemporaryFolder folder{};
  FakeEnvironment fake{};
};

std::string host(const connection::Options& options) { return options.endpoints.at(0).host; }

}  // namespace

TEST_CASE("a URL in MQTT_HOST is refused with the variable that takes it") {
  FakeEnvironment environment;
  environment.variables["MQTT_HOST"] = "mqtt://broker";
  CHECK(environment.sub_error({"t"}) == "MQTT_HOST takes HOST or HOST:PORT; a URL is for MQTT_URL");
}

TEST_CASE("the command line wins over the environment, that over the profile, that over the file") {
  Home home;
  home.write("config.toml", "host = \"file\"\nusername = \"file\"\nport = 1\nkeepalive = 1\n");
  home.write("lab.toml", "host = \"profile\"\nusername = \"profile\"\nport = 2\n");
  home.fake.variables["MQTT_HOST"] = "environment";
  home.fake.variables["MQTT_USERNAME"] = "environment";

  CHECK(host(home.connection({"-h", "line", "--profile", "lab"})) == "line");
  const connection::Options options = home.connection({"--profile", "lab"});
  CHECK(host(options) == "environment");
  CHECK(options.credentials.username == "environment");
  CHECK(options.endpoints.at(0).port == 2);
  CHECK(options.keep_alive == std::chrono::seconds{1});
}

TEST_CASE("the default file is found by XDG_CONFIG_HOME, else by HOME, and need not be there") {
  Home home;
  CHECK(host(home.connection({})) == "localhost");
  home.write("config.toml", "host = \"xdg\"\n");
  CHECK(host(home.connection({})) == "xdg");

  FakeEnvironment fake;
  const TemporaryFolder folder;
  fake.variables["HOME"] = folder.path;
  folder.write(".config/mqtt-tools/config.toml", "host = \"home\"\n");
  CHECK(host(fake.pub({"t", "m"}).connection) == "home");
  fake.variables["XDG_CONFIG_HOME"] = "relative";
  CHECK(host(fake.pub({"t", "m"}).connection) == "home");
}

TEST_CASE("a named file replaces the default one, and --no-config reads none") {
  Home home;
  home.write("config.toml", "host = \"default\"\n");
  const std::string other = home.write("other.toml", "port = 7\n");
  const connection::Options options = home.connection({"--config", other});
  CHECK(host(options) == "localhost");
  CHECK(options.endpoints.at(0).port == 7);

  home.fake.variables["MQTT_PROFILE"] = "missing";
  CHECK(host(home.connection({"--no-config"})) == "localhost");
  CHECK_THROWS_AS(home.connection({}), RunError);
  CHECK_THROWS_AS(home.connection({"--config", "/nowhere.toml", "--profile", "other"}), RunError);
}

TEST_CASE("a profile may come from the environment") {
  Home home;
  home.write("lab.toml", "host = \"lab\"\n");
  home.fake.variables["MQTT_PROFILE"] = "lab";
  CHECK(host(home.connection({})) == "lab");
}

TEST_CASE("an empty variable counts as unset") {
  Home home;
  home.write("config.toml", "host = \"file\"\n");
  home.fake.variables["MQTT_HOST"] = "";
  CHECK(host(home.connection({})) == "file");
}

TEST_CASE("a URL is taken apart into its fields before sources are merged") {
  Home home;
  home.fake.variables["MQTT_URL"] = "mqtts://joe:s3cret@far:8884/alarm";
  const connection::Options options = home.connection({"-h", "near", "-u", "ann"});
  CHECK(host(options) == "near");
  CHECK(options.endpoints.at(0).port == 8884);
  CHECK(options.tls.on);
  CHECK(options.credentials.username == "ann");
  CHECK_FALSE(options.credentials.password);
}

TEST_CASE("a stronger URL replaces host, port, TLS and login of all weaker sources") {
  Home home;
  home.fake.variables["MQTT_URL"] = "mqtts://alice:s3cret@prod.example:28840";
  home.write("config.toml", "port = 7\nusername = \"bob\"\npassword = \"w0rd\"\nkeepalive = 5\n");
  const PubOptions pub = home.fake.pub({"-L", "mqtt://localhost", "t", "m"});
  const connection::Options& options = pub.connection;
  CHECK(options.endpoints == std::vector<connection::Endpoint>{{"localhost", 0}});
  CHECK_FALSE(options.tls.on);
  CHECK_FALSE(options.credentials.username);
  CHECK_FALSE(options.credentials.password);
  CHECK(options.keep_alive == std::chrono::seconds{5});
  REQUIRE(pub.verbosity.warnings.size() == 2);
  CHECK(pub.verbosity.warnings[0].always);
  CHECK(pub.verbosity.warnings[0].text ==
        "the user name and password from environment MQTT_URL are for prod.example, not for "
        "localhost, and are not sent");
  CHECK(pub.verbosity.warnings[1].text.find("are not used: --url replaces them") !=
        std::string::npos);

  // Beside the URL it stands.
  const connection::Options beside =
      home.connection({"-L", "mqtt://localhost", "-u", "me", "-P", "x"});
  CHECK(beside.credentials.username == "me");
  CHECK(beside.credentials.password == "x");
}

TEST_CASE("a login is used for the hosts of its own source only, and what is dropped is said") {
  struct Row {
    std::string config;
    Words words;
    bool sent;
  };
  const std::string login = "username = \"joe\"\npassword = \"s3cret\"\n";
  const std::vector<Row> rows{
      {"host = \"a\"\n" + login, {}, true},
      {"host = \"a\"\n" + login, {"-h", "a"}, true},
      {"host = \"a\"\n" + login, {"-h", "A.:1884"}, true},
      {"host = \"a\"\n" + login, {"-p", "1884"}, true},
      {"host = \"a\"\n" + login, {"-h", "b"}, false},
      {"host = \"a\"\n" + login, {"-h", "a", "-h", "b"}, false},
      {"host = [\"a\", \"b\"]\n" + login, {"-h", "b"}, true},
      {"url = \"mqtt://joe:s3cret@a\"\n", {"-h", "b"}, false},
      {"url = \"mqtt://joe:s3cret@a\"\n", {"-h", "a"}, true},
      {"url = \"mqtt://a\"\n" + login, {"-h", "b"}, false},
      {"url = \"mqtt://[::1]:1\"\n" + login, {"-h", "::1"}, true},
      {login, {"-h", "b"}, true},  // Of a source without a host: for any.
      {login, {"-L", "mqtt://b"}, false},
      {"host = \"a\"\n" + login, {"-L", "mqtt://a"}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.config, row.words);
    Home home;
    home.write("config.toml", row.config);
    Words words = row.words;
    words.insert(words.end(), {"--quiet", "t", "m"});
    const PubOptions pub = home.fake.pub(words);
    const auto& credentials = pub.connection.credentials;
    CHECK(credentials.username == (row.sent ? std::optional<std::string>{"joe"} : std::nullopt));
    CHECK(credentials.password == (row.sent ? std::optional<std::string>{"s3cret"} : std::nullopt));
    const auto said = std::count_if(
        pub.verbosity.warnings.begin(), pub.verbosity.warnings.end(),
        [](const run::Warning& warning) {
          return warning.always && warning.text.rfind("the user name and password from ", 0) == 0;
        });
    CHECK(said == (row.sent ? 0 : 1));
  }
}

TEST_CASE("a password is for the user name that stands beside it, and what is dropped is said") {
  struct Row {
    std::string config;
    std::map<std::string, std::string> variables;
    Words words;
    std::optional<std::string> password;
    std::string said;
  };
  const std::string login = "username = \"alice\"\npassword = \"s3cret\"\n";
  const std::vector<Row> rows{
      {login, {}, {"-u", "alice"}, "s3cret", ""},
      {login, {}, {"-u", "joe"}, std::nullopt, "config"},
      {login, {}, {"-u", "joe", "-P", "x"}, "x", ""},
      {login, {{"MQTT_PASSWORD", "x"}}, {"-u", "joe"}, "x", ""},
      {login, {{"MQTT_USERNAME", "joe"}}, {}, std::nullopt, "config"},
      {"password = \"s3cret\"\n", {}, {"-u", "joe"}, "s3cret", ""},
      {"username = \"alice\"\nask-password = true\n", {}, {"-u", "joe"}, "asked", ""},
      {"username = \"alice\"\npassword-file = \"/\"\n", {}, {"-u", "joe"}, std::nullopt, "config"},
      {"", {{"MQTT_URL", "mqtt://alice:x@h"}}, {"-u", "joe"}, std::nullopt, "environment"},
      {"",
       {{"MQTT_URL", "mqtt://alice:x@h"}, {"MQTT_USERNAME", "joe"}},
       {},
       std::nullopt,
       "environment"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.config, row.words);
    Home home;
    home.write("config.toml", row.config);
    ::chmod((home.folder.path + "/mqtt-tools/config.toml").c_str(), 0600);
    home.fake.variables.insert(row.variables.begin(), row.variables.end());
    Words words = row.words;
    words.insert(words.end(), {"--quiet", "t", "m"});
    const PubOptions pub = home.fake.pub(words);
    CHECK(pub.connection.credentials.password == row.password);
    const auto said =
        std::ranges::count_if(pub.verbosity.warnings, [&row](const run::Warning& warning) {
          return warning.always && !row.said.empty() &&
                 warning.text.starts_with("the password from " + row.said) &&
                 warning.text.find("'alice', not for 'joe'") != std::string::npos;
        });
    CHECK(said == (row.said.empty() ? 0 : 1));
  }
}

TEST_CASE("files and prompts that give a password, headers and authentication data go with it") {
  Home home;
  home.write("config.toml",
             "host = \"a\"\nask-password = true\nws-header = \"Authorization: s3cret\"\n"
             "property = [[\"connect\", \"authentication-method\", \"m\"], "
             "[\"connect\", \"authentication-data\", \"s3cret\"], "
             "[\"connect\", \"receive-maximum\", \"5\"]]\n");
  const PubOptions pub = home.fake.pub({"-L", "ws://b", "t", "m"});
  CHECK_FALSE(pub.connection.credentials.password);
  CHECK(pub.connection.websocket_headers.empty());
  REQUIRE(pub.connection.connect_properties.size() == 1);
  CHECK(pub.connection.connect_properties[0].identifier == 33);
  REQUIRE(pub.verbosity.warnings.size() == 1);
  CHECK(pub.verbosity.warnings[0].text.find("password") != std::string::npos);
  CHECK(pub.verbosity.warnings[0].text.find("WebSocket headers") != std::string::npos);
  CHECK(pub.verbosity.warnings[0].text.find("authentication data") != std::string::npos);
  CHECK(pub.verbosity.warnings[0].text.find("s3cret") == std::string::npos);
  // For a broker over TCP the headers of a weaker source mean nothing.
  CHECK(home.connection({"-L", "mqtt://a"}).websocket_headers.empty());
}

TEST_CASE("in the environment the login of MQTT_URL stays with its host, too") {
  Home home;
  home.fake.variables["MQTT_URL"] = "mqtts://alice:s3cret@prod.example";
  home.fake.variables["MQTT_HOST"] = "localhost";
  const PubOptions pub = home.fake.pub({"t", "m"});
  CHECK(host(pub.connection) == "localhost");
  CHECK_FALSE(pub.connection.credentials.password);
  CHECK(pub.verbosity.warnings.size() == 1);
  home.fake.variables["MQTT_HOST"] = "prod.example";
  CHECK(home.connection({}).credentials.password == "s3cret");
}

TEST_CASE("a variable that cannot be meant for us counts as unset, which is said on request") {
  Home home;
  home.fake.variables["MQTT_PORT"] = "tcp://10.0.0.5:1883";
  home.fake.variables["MQTT_PROTOCOL_VERSION"] = "http://v";
  const PubOptions pub = home.fake.pub({"t", "m"});
  CHECK(pub.connection.endpoints.at(0).port == 0);
  CHECK(pub.connection.version == connection::Version::automatic);
  REQUIRE(pub.verbosity.warnings.size() == 2);
  CHECK(pub.verbosity.warnings[0].text ==
        "MQTT_PORT counts as unset: 'tcp://10.0.0.5:1883' is not for --port");
  CHECK(pub.verbosity.warnings[0].detail);
  CHECK_FALSE(pub.verbosity.warnings[0].always);
}

TEST_CASE("MQTT_PROTOCOL_VERSION stands for --protocol-version") {
  Home home;
  home.fake.variables["MQTT_PROTOCOL_VERSION"] = "3.1.1";
  CHECK(home.connection({}).version == connection::Version::v3_1_1);
  CHECK(home.fake.pub_error({"--stamp", "t", "m"}) ==
        "--stamp needs MQTT 5; leave out MQTT_PROTOCOL_VERSION or say 5");
  home.fake.variables.clear();
  home.fake.variables["XDG_CONFIG_HOME"] = home.folder.path;
  const std::string path = home.write("config.toml", "\nsession-expiry = 0\n");
  CHECK(home.connection({}).version_5_only == path + ":2: session-expiry");
  CHECK(home.connection({"-V", "5"}).version == connection::Version::v5);
  home.fake.variables["MQTT_PROTOCOL_VERSION"] = "7";
  CHECK(home.fake.sub_error({"t"}).rfind("MQTT_PROTOCOL_VERSION must be one of", 0) == 0);
}

TEST_CASE("what a file says twice is named with its line") {
  Home home;
  const std::string path = home.write(
      "config.toml",
      "session-expiry = 5\nproperty = [\"connect\", \"session-expiry-interval\", \"5\"]\n");
  CHECK(home.fake.pub_error({"t", "m"}) ==
        path + ":1: session-expiry and -D connect session-expiry-interval are the same; use one");
}

TEST_CASE("a source that is not needed is not checked") {
  Home home;
  home.fake.variables = {{"XDG_CONFIG_HOME", home.folder.path}, {"MQTT_URL", "nonsense"}};
  home.write("config.toml",
             "keepalive = 70000\npassword = \"a\"\nask-password = true\ncafile = \"\"\n");
  CHECK(host(home.connection(
            {"-L", "mqtts://h", "-k", "5", "--cafile", "f", "-u", "joe", "-P", "x"})) == "h");
  CHECK(home.fake.pub_error({"-k", "5", "t", "m"}).rfind("MQTT_URL: ", 0) == 0);
}

TEST_CASE("the default configuration that is absent or may not be read never stops a run") {
  const auto works = [](const std::string& home) {
    FakeEnvironment fake;
    fake.variables["HOME"] = home;
    return host(fake.pub({"t", "m"}).connection) == "localhost";
  };
  CHECK(works("/nowhere"));
  CHECK(works("/dev/null"));  // ENOTDIR
  const TemporaryFolder folder;
  REQUIRE(::symlink("loop", (folder.path + "/loop").c_str()) == 0);
  CHECK(works(folder.path + "/loop"));  // ELOOP
  CHECK(works("/" + std::string(300, 'x')));

  const auto in_its_place = folder.write("odd/.config/mqtt-tools/config.toml", "");
  for (const int kind : {S_IFDIR, S_IFIFO, S_IFSOCK}) {
    REQUIRE(std::filesystem::remove(in_its_place));
    REQUIRE((kind == S_IFDIR ? ::mkdir(in_its_place.c_str(), 0700)
                             : ::mknod(in_its_place.c_str(), kind | 0600U, 0)) == 0);
    CHECK(works(folder.path + "/odd"));
  }

  folder.write("shut/.config/mqtt-tools/config.toml", "host = \"secret\"\n", 0000);
  const OtherUser nobody;
  CHECK(works(folder.path + "/shut"));  // EACCES, for the file and for the folder
  FakeEnvironment fake;
  fake.variables["HOME"] = folder.path + "/shut";
  const PubOptions pub = fake.pub({"t", "m"});
  REQUIRE(pub.verbosity.warnings.size() == 1);
  CHECK(pub.verbosity.warnings[0].detail);
  CHECK(pub.verbosity.warnings[0].text.find("counts as absent: Permission denied") !=
        std::string::npos);
  CHECK_THROWS_AS(
      fake.pub({"--config", folder.path + "/shut/.config/mqtt-tools/config.toml", "t", "m"}),
      RunError);
  CHECK_THROWS_AS(fake.pub({"--profile", "lab", "t", "m"}), RunError);
}

TEST_CASE("an empty value is refused in a file as well, with its place") {
  for (const std::string key :
       {"cafile", "ciphers", "will-topic", "psk-file", "client-id", "host"}) {
    Home home;
    const std::string path = home.write("config.toml", "\n" + key + " = \"\"\n");
    CAPTURE(key);
    CHECK(home.fake.pub_error({"t", "m"}).rfind(path + ":2: " + key + " needs ", 0) == 0);
  }
  Home home;
  home.write("config.toml", "username = \"\"\npassword = \"\"\n");
  CHECK(home.connection({}).credentials.username == "");
  const std::string path = home.write("config.toml", "host = []\n");
  CHECK(home.fake.pub_error({"t", "m"}) == path + ":1: host must be a list that is not empty");
}

TEST_CASE("of two things that exclude each other a stronger source replaces a weaker one's") {
  Home home;
  home.write("config.toml", "no-reconnect = true\npsk = \"00\"\npsk-identity = \"me\"\n");
  const connection::Options options = home.connection({"--reconnect-for", "5", "--cafile", "f"});
  CHECK(options.reconnect);
  CHECK(options.tls.ca_file == "f");
  CHECK(options.tls.psk_identity.empty());

  home.write("config.toml", "session-expiry = 60\n");
  const connection::Options property =
      home.connection({"-D", "connect", "session-expiry-interval", "5"});
  CHECK_FALSE(property.session_expiry);
  CHECK(property.connect_properties.size() == 1);

  home.write("config.toml", "will-topic = \"w\"\nwill-qos = 2\nmax-packet = 65536\n");
  const connection::Options present = home.connection({"--repeat", "2", "--presence", "p"});
  CHECK(present.will.value().message.topic == "p");
  CHECK(present.max_packet == 65'536);
  home.write("config.toml", "presence = \"p\"\n");
  const connection::Options will = home.connection({"--repeat", "2", "--will-topic", "w"});
  CHECK(will.will.value().message.topic == "w");
  CHECK_FALSE(will.presence);
}

TEST_CASE("a flag that a file sets to false needs nothing and rules nothing out") {
  Home home;
  home.write("config.toml", "will-retain = false\nno-clean = false\ninsecure = false\n");
  CHECK_FALSE(home.connection({}).will);
  CHECK(home.connection({"--psk", "00", "--psk-identity", "me"}).tls.psk == "00");
  home.write("lab.toml", "no-tls = false\nask-password = false\n");
  home.write("config.toml", "tls = true\nusername = \"u\"\npassword = \"p\"\n");
  CHECK(home.connection({"--profile", "lab"}).tls.on);
  CHECK(home.connection({"--profile", "lab"}).credentials.password == "p");
  home.write("config.toml", "no-tls = false\ntls = true\n");
  CHECK(home.connection({}).tls.on);
}

TEST_CASE("a stronger URL takes its path along, even an empty one") {
  Home home;
  home.fake.variables["MQTT_URL"] = "mqtt://far/alarm";
  CHECK(home.fake.pub_error({"-L", "mqtt://near", "-m", "x"}).rfind("no topic given", 0) == 0);
}

TEST_CASE("a socket has nothing of a weaker source's URL, and no port") {
  Home home;
  home.write("config.toml", "url = \"mqtts://far:8883/alarm\"\n");
  home.write("lab.toml", "ws-header = \"A: b\"\n");
  for (const std::string url : {"", "wss://far/mqtt"}) {
    CAPTURE(url);
    home.fake.variables["MQTT_URL"] = url;
    const connection::Options options = home.connection({"--unix", "/s", "--profile", "lab"});
    CHECK(options.endpoints.at(0).socket_path == "/s");
    CHECK_FALSE(options.tls.on);
    CHECK(options.transport == connection::Transport::tcp);
  }
  CHECK(home.connection({"--unix", "/s", "--tls"}).tls.on);
  CHECK(home.fake.pub_error({"--unix", "/s", "-p", "1884", "t", "m"}) ==
        "--port has no meaning with --unix");
  home.fake.variables.clear();
  CHECK(home.fake.pub_error({"-L", "unix:///s", "--tls", "t", "m"}) ==
        "--tls asks for TLS, but unix:// of --url is plain text; write --unix PATH in its place, "
        "or --no-tls beside it for plain text");
}

TEST_CASE("a host has nothing of a weaker source's URL of a socket") {
  Home home;
  home.write("config.toml", "cafile = \"f\"\n");
  home.fake.variables["MQTT_URL"] = "unix:///s";
  CHECK_FALSE(home.connection({}).tls.on);
  CHECK(home.connection({"-h", "far"}).tls.on);
}

TEST_CASE("in the environment a single variable wins over the same part of MQTT_URL") {
  Home home;
  home.fake.variables["MQTT_URL"] = "mqtt://far:1884";
  home.fake.variables["MQTT_HOST"] = "near";
  const connection::Options options = home.connection({});
  CHECK(host(options) == "near");
  CHECK(options.endpoints.at(0).port == 1884);
}

TEST_CASE("one source that gives a thing twice is refused, two sources are not") {
  Home home;
  FakeEnvironment& fake = home.fake;
  CHECK(fake.pub_error({"-L", "mqtt://a", "-h", "b", "t", "m"}) ==
        "--host: the URL gives the host already, use one of them");
  CHECK(fake.pub_error({"-L", "mqtt://a:1", "-p", "2", "t", "m"}) ==
        "--port: the URL gives the port already, use one of them");
  CHECK(fake.pub_error({"-L", "unix:///s", "-h", "b", "t", "m"}) ==
        "--host: the URL gives the socket already, use one of them");
  CHECK(fake.pub_error({"-P", "s3cret", "--ask-password", "t", "m"}) ==
        "--password and --ask-password exclude each other, use one of them");
  CHECK(fake.pub_error({"-i", "a", "-I", "b", "t", "m"}) ==
        "--client-id and --id-prefix exclude each other, use one of them");
  CHECK(fake.pub_error({"-L", "mqtt://a:b@c", "--ask-password", "t", "m"}) ==
        "--ask-password: the URL gives the password already, use one of them");
  fake.variables["MQTT_PASSWORD"] = "weak";
  CHECK(fake.pub({"-u", "joe", "--ask-password", "t", "m"}).connection.credentials.password ==
        "asked");
}

TEST_CASE("a value from a file or a variable is refused with the name that its user knows") {
  Home home;
  home.fake.variables["MQTT_PORT"] = "99999";
  CHECK(home.fake.pub_error({"t", "m"}) ==
        "MQTT_PORT must be a whole number from 1 to 65535, not '99999'");
  home.fake.variables.erase("MQTT_PORT");
  const std::string path = home.write("config.toml", "\nkeepalive = 70000\n");
  CHECK(home.fake.pub_error({"t", "m"}) == path +
                                               ":2: keepalive must be a whole number of seconds "
                                               "from 0 to 65535, such as 30 or 2m, not '70000'");
}

TEST_CASE("a file can switch a flag of a weaker one off") {
  Home home;
  home.write("config.toml", "tls = true\nno-reconnect = true\n");
  home.write("lab.toml", "tls = false\nno-reconnect = false\n");
  const connection::Options options = home.connection({"--profile", "lab"});
  CHECK_FALSE(options.tls.on);
  CHECK(options.reconnect);
}

TEST_CASE("a file may say twice that there is no TLS, in whatever order") {
  Home home;
  for (const std::string text : {"tls = false\nno-tls = true\n", "no-tls = true\ntls = false\n"}) {
    CAPTURE(text);
    home.write("config.toml", text);
    CHECK_FALSE(home.connection({}).tls.on);
  }
  home.write("config.toml", "tls = true\nno-tls = true\n");
  CHECK_FALSE(home.fake.pub_error({"t", "m"}).empty());
}

TEST_CASE(
    "option --print-config tells each option in effect and where it comes from, secrets masked") {
  Home home;
  const std::string config = home.write("config.toml", "keepalive = 10\n");
  const std::string profile = home.write("lab.toml", "\ncafile = \"/ca.pem\"\n");
  CHECK_FALSE(read_pub({"--profile", "lab", "-u", "a\"b", "-P", "s3cret", "-D", "connect",
                        "authentication-data", "s3cret", "--http-proxy", "http://x:s3cret@p:1",
                        "--ws-header", "A: s3cret", "-L", "wss://u/socket", "--print-config"},
                       home.fake.environment()));
  std::string out = home.fake.out.str();
  CHECK(out.find("s3cret") == std::string::npos);
  for (std::size_t blanks = out.find("  "); blanks != std::string::npos; blanks = out.find("  ")) {
    out.erase(blanks, 1);
  }
  for (const std::string& line :
       {std::string{"host = [\"u\"] # command line\n"}, std::string{"port = 443 # default\n"},
        "keepalive = 10 # config " + config + ":1\n",
        std::string{"username = \"a\\\"b\" # command line\n"},
        "cafile = \"/ca.pem\" # profile " + profile + ":2\n",
        std::string{"# password = \"*\" # command line\n"}, std::string{"wait = 0 # default\n"},
        std::string{"qos = 1 # default\n"}, std::string{"# ws-header = [\"A:*\"] # command line\n"},
        std::string{
            "# property = [[\"connect\", \"authentication-data\", \"*\"]] # command line\n"},
        std::string{"url = \"wss:///socket\" # command line\n"}}) {
    CAPTURE(line, out);
    CHECK(out.find(line) != std::string::npos);
  }
}

TEST_CASE(
    "option --print-config needs no topic and asks for no password, yet refuses what is wrong") {
  FakeEnvironment fake;
  CHECK_FALSE(read_sub({"--print-config", "--ask-password"}, fake.environment()));
  CHECK(fake.out.str().find("ask-password = true") != std::string::npos);
  CHECK(fake.sub_error({"--print-config", "-k", "x"}) ==
        "--keepalive must be a whole number of seconds from 0 to 65535, such as 30 or 2m, not 'x'");
}
