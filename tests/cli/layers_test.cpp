// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "cli/fake_world.hpp"
#include "cli/temporary_folder.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

namespace {

/// A world with a home that holds configuration files.
struct Home {
  Home() { fake.environment["XDG_CONFIG_HOME"] = folder.path; }

  std::string write(const std::string& name, const std::string& text) const {
    return folder.write("mqtt-tools/" + name, text);
  }

  connection::Options connection(Words words) {
    words.insert(words.end(), {"t", "m"});
    return fake.pub(words).connection;
  }

  TemporaryFolder folder{};
  FakeWorld fake{};
};

std::string host(const connection::Options& options) { return options.endpoints.at(0).host; }

}  // namespace

TEST_CASE("the command line wins over the environment, that over the profile, that over the file") {
  Home home;
  home.write("config.toml", "host = \"file\"\nusername = \"file\"\nport = 1\nkeepalive = 1\n");
  home.write("lab.toml", "host = \"profile\"\nusername = \"profile\"\nport = 2\n");
  home.fake.environment["MQTT_HOST"] = "environment";
  home.fake.environment["MQTT_USERNAME"] = "environment";

  const connection::Options options = home.connection({"-h", "line", "--profile", "lab"});
  CHECK(host(options) == "line");
  CHECK(options.credentials.username == "environment");
  CHECK(options.endpoints.at(0).port == 2);
  CHECK(options.keep_alive == std::chrono::seconds{1});
}

TEST_CASE("the default file is found by XDG_CONFIG_HOME, else by HOME, and need not be there") {
  Home home;
  CHECK(host(home.connection({})) == "localhost");
  home.write("config.toml", "host = \"xdg\"\n");
  CHECK(host(home.connection({})) == "xdg");

  FakeWorld fake;
  const TemporaryFolder folder;
  fake.environment["HOME"] = folder.path;
  folder.write(".config/mqtt-tools/config.toml", "host = \"home\"\n");
  CHECK(host(fake.pub({"t", "m"}).connection) == "home");
  fake.environment["XDG_CONFIG_HOME"] = "relative";
  CHECK(host(fake.pub({"t", "m"}).connection) == "home");
}

TEST_CASE("a named file replaces the default one, and --no-config reads none") {
  Home home;
  home.write("config.toml", "host = \"default\"\n");
  const std::string other = home.write("other.toml", "port = 7\n");
  const connection::Options options = home.connection({"--config", other});
  CHECK(host(options) == "localhost");
  CHECK(options.endpoints.at(0).port == 7);

  home.fake.environment["MQTT_PROFILE"] = "missing";
  CHECK(host(home.connection({"--no-config"})) == "localhost");
  CHECK_THROWS_AS(home.connection({}), RunError);
  CHECK_THROWS_AS(home.connection({"--config", "/nowhere.toml", "--profile", "other"}), RunError);
}

TEST_CASE("a profile may come from the environment") {
  Home home;
  home.write("lab.toml", "host = \"lab\"\n");
  home.fake.environment["MQTT_PROFILE"] = "lab";
  CHECK(host(home.connection({})) == "lab");
}

TEST_CASE("an empty variable counts as unset") {
  Home home;
  home.write("config.toml", "host = \"file\"\n");
  home.fake.environment["MQTT_HOST"] = "";
  CHECK(host(home.connection({})) == "file");
}

TEST_CASE("a URL is taken apart into its fields before layers are merged") {
  Home home;
  home.fake.environment["MQTT_URL"] = "mqtts://joe:s3cret@far:8884/alarm";
  const connection::Options options = home.connection({"-h", "near", "-u", "ann"});
  CHECK(host(options) == "near");
  CHECK(options.endpoints.at(0).port == 8884);
  CHECK(options.tls.on);
  CHECK(options.credentials.username == "ann");
  CHECK(options.credentials.password == "s3cret");
}

TEST_CASE("a stronger URL takes its path along, even an empty one") {
  Home home;
  home.fake.environment["MQTT_URL"] = "mqtt://far/alarm";
  CHECK(home.fake.pub_error({"-L", "mqtt://near", "-m", "x"}).rfind("no topic given", 0) == 0);
}

TEST_CASE("in the environment a single variable wins over the same part of MQTT_URL") {
  Home home;
  home.fake.environment["MQTT_URL"] = "mqtt://far:1884";
  home.fake.environment["MQTT_HOST"] = "near";
  const connection::Options options = home.connection({});
  CHECK(host(options) == "near");
  CHECK(options.endpoints.at(0).port == 1884);
}

TEST_CASE("one layer that gives a thing twice is refused, two layers are not") {
  Home home;
  FakeWorld& fake = home.fake;
  CHECK(fake.pub_error({"-L", "mqtt://a", "-h", "b", "t", "m"}) ==
        "--host: the URL gives the host already, use one of them");
  CHECK(fake.pub_error({"-L", "mqtt://a:1", "-p", "2", "t", "m"}) ==
        "--port: the URL gives the port already, use one of them");
  CHECK(fake.pub_error({"-P", "s3cret", "--ask-password", "t", "m"}) ==
        "--password and --ask-password exclude each other, use one of them");
  CHECK(fake.pub_error({"-i", "a", "-I", "b", "t", "m"}) ==
        "--client-id and --id-prefix exclude each other, use one of them");
  CHECK(fake.pub_error({"-L", "mqtt://a:b@c", "--ask-password", "t", "m"}) ==
        "--ask-password: the URL gives the password already, use one of them");
  fake.environment["MQTT_PASSWORD"] = "weak";
  CHECK(fake.pub({"-u", "joe", "--ask-password", "t", "m"}).connection.credentials.password ==
        "asked");
}

TEST_CASE("a value from a file or a variable is refused with the name that its user knows") {
  Home home;
  home.fake.environment["MQTT_PORT"] = "99999";
  CHECK(home.fake.pub_error({"t", "m"}) ==
        "MQTT_PORT must be a whole number from 1 to 65535, not '99999'");
  home.fake.environment.erase("MQTT_PORT");
  const std::string path = home.write("config.toml", "\nkeepalive = 70000\n");
  CHECK(home.fake.pub_error({"t", "m"}) ==
        path + ":2: keepalive must be a whole number from 0 to 65535, not '70000'");
}

TEST_CASE("a file can switch a flag of a weaker one off") {
  Home home;
  home.write("config.toml", "tls = true\nno-reconnect = true\n");
  home.write("lab.toml", "tls = false\nno-reconnect = false\n");
  const connection::Options options = home.connection({"--profile", "lab"});
  CHECK_FALSE(options.tls.on);
  CHECK(options.reconnect);
}

TEST_CASE("option --print-config tells each option in effect and where it comes from, secrets masked") {
  Home home;
  const std::string config = home.write("config.toml", "keepalive = 10\nusername = \"a\\\"b\"\n");
  const std::string profile = home.write("lab.toml", "\ncafile = \"/ca.pem\"\n");
  home.fake.environment["MQTT_PASSWORD"] = "s3cret";
  CHECK_FALSE(read_pub(
      {"--profile", "lab", "-D", "connect", "authentication-data", "s3cret", "--http-proxy",
       "http://x:s3cret@p:1", "--ws-header", "A: s3cret", "-L", "wss://u/socket", "--print-config"},
      home.fake.world()));
  std::string out = home.fake.out.str();
  CHECK(out.find("s3cret") == std::string::npos);
  for (std::size_t blanks = out.find("  "); blanks != std::string::npos; blanks = out.find("  ")) {
    out.erase(blanks, 1);
  }
  for (const std::string& line :
       {std::string{"host = [\"u\"] # command line\n"}, std::string{"port = 443 # default\n"},
        "keepalive = 10 # config " + config + ":1\n",
        "username = \"a\\\"b\" # config " + config + ":2\n",
        "cafile = \"/ca.pem\" # profile " + profile + ":2\n",
        std::string{"password = \"*\" # environment MQTT_PASSWORD\n"},
        std::string{"wait = 0 # default\n"}, std::string{"qos = 1 # default\n"},
        std::string{"ws-header = [\"A:*\"] # command line\n"},
        std::string{"property = [[\"connect\", \"authentication-data\", \"*\"]] # command line\n"},
        std::string{"url = \"wss:///socket\" # command line\n"}}) {
    CAPTURE(line, out);
    CHECK(out.find(line) != std::string::npos);
  }
}

TEST_CASE("option --print-config needs no topic and asks for no password, yet refuses what is wrong") {
  FakeWorld fake;
  CHECK_FALSE(read_sub({"--print-config", "--ask-password"}, fake.world()));
  CHECK(fake.out.str().find("ask-password = true") != std::string::npos);
  CHECK(fake.sub_error({"--print-config", "-k", "x"}) ==
        "--keepalive must be a whole number from 0 to 65535, not 'x'");
}
