// SPDX-License-Identifier: MIT
#include "cli/configuration.hpp"

#include "catch.hpp"
#include "cli/arguments.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

#include <sys/stat.h>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

namespace {

SettingList read(const std::string& path, std::vector<run::Warning>& warnings) {
  return read_configuration(mqtt_pub(), path, Origin::Source::configuration, Presence::required,
                            warnings);
}

SettingList read_text(const std::string& text) {
  const TemporaryFolder folder;
  std::vector<run::Warning> warnings;
  return read(folder.write("c.toml", text), warnings);
}

/// The text of the error for `text`, after the path.
std::string error_for(const std::string& text) {
  const TemporaryFolder folder;
  const std::string path = folder.write("c.toml", text);
  std::vector<run::Warning> warnings;
  try {
    read(path, warnings);
  } catch (const UsageError& error) {
    const std::string what = error.what();
    REQUIRE(what.rfind(path + ":", 0) == 0);
    return what.substr(path.size() + 1);
  }
  return "";
}

}  // namespace

TEST_CASE("a configuration file gives texts, numbers, flags and lists") {
  const TemporaryFolder folder;
  std::vector<run::Warning> warnings;
  const std::string path =
      folder.write("c.toml",
                   "host = [\"a\", \"b:1884\"]\n"
                   "port = 1885\n"
                   "keepalive = 20\n"
                   "wait = 2.5\n"
                   "protocol-version = 5\n"
                   "tls-version = 1.2\n"
                   "no-reconnect = true\n"
                   "tls = false\n"
                   "password = \"a#b\\\"\\u00e9\"\n"
                   "property = [\"publish\", \"user-property\", \"k\", \"v\"]\n");
  std::map<std::string, Words> found;
  std::map<std::string, std::string> places;
  for (const Setting& setting : read(path, warnings)) {
    found[std::string{setting.option->key}] = setting.values;
    places[std::string{setting.option->key}] = setting.origin.place;
  }
  CHECK(found["host"] == Words{"a", "b:1884"});
  CHECK(found["port"] == Words{"1885"});
  CHECK(found["wait"] == Words{"2.5"});
  CHECK(found["protocol-version"] == Words{"5"});
  CHECK(found["tls-version"] == Words{"1.2"});
  CHECK(found["no-reconnect"].empty());
  CHECK(found["tls"] == Words{"false"});
  CHECK(found["password"] == Words{"a#b\"é"});
  CHECK(found["property"] == Words{std::string("publish\0user-property\0k\0v", 25)});
  CHECK(places["port"] == path + ":2");
  CHECK(warnings.empty());
}

TEST_CASE("a time in a file is a number, or has units in quotes") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  const std::string path =
      folder.write("c.toml", "keepalive = \"2m\"\nwait = \"1h30m\"\nreconnect-max = 2.5\n");
  const SubOptions options = fake.sub({"--config", path, "t"});
  CHECK(options.connection.keep_alive == std::chrono::seconds{120});
  CHECK(options.connection.wait == std::chrono::seconds{5'400});
  CHECK(options.connection.reconnect_max == std::chrono::milliseconds{2'500});
  const std::string wrong = folder.write("w.toml", "wait = \"1q\"\n");
  CHECK(fake.sub_error({"--config", wrong, "t"}).rfind(wrong + ":1: wait must be a time", 0) == 0);
}

TEST_CASE("a list of properties is a list of lists") {
  const SettingList list = read_text(
      "property = [[\"connect\", \"receive-maximum\", \"5\"],\n"
      "            [\"publish\", \"content-type\", \"x\"]]\n");
  REQUIRE(list.size() == 1);
  CHECK(list[0].values == Words{std::string("connect\0receive-maximum\0005", 25),
                                std::string("publish\0content-type\0x", 22)});
}

TEST_CASE("what is wrong in a configuration file is named with its line") {
  struct Row {
    std::string text;
    std::string error;
  };
  const std::vector<Row> rows{
      {"port = 1883\nhots = \"a\"\n", "2: unknown key hots; did you mean host?"},
      {"frobnicate = 1\n",
       "1: unknown key frobnicate; keys are the long names of options, see --help all"},
      {"\nport = \"1883\"\n", "2: port must be a number without quotes"},
      {"host = 5\n", "1: host must be a string in quotes, or a list of them"},
      {"username = 5\n", "1: username must be a string in quotes"},
      {"username = [\"a\"]\n", "1: username must be a string in quotes"},
      {"tls = \"yes\"\n", "1: tls must be true or false"},
      {"tls-version = true\n", "1: tls-version must be a string in quotes or a number"},
      {"property = \"publish\"\n",
       "1: property must be [\"COMMAND\", \"NAME\", \"VALUE\"], or a list of such lists"},
      {"message = \"x\"\n", "1: message can stand on the command line only"},
      {"topic = \"x\"\n", "1: topic can stand on the command line only"},
      {"retain = true\n", "1: retain can stand on the command line only"},
      {"exec = \"x\"\n", "1: exec can stand on the command line only"},
      {"on-ready = \"x\"\n", "1: on-ready can stand on the command line only"},
      {"remove-retained = true\n", "1: remove-retained can stand on the command line only"},
      {"config = \"x\"\n", "1: config can stand on the command line only"},
      {"[server]\nhost = \"a\"\n",
       "1: unknown key server; keys are the long names of options, see --help all"},
      {"client-id = \"a\\u0000b\"\n", "1: client-id must be a string without NUL"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(error_for(row.text) == row.error);
  }
}

TEST_CASE("an error in the TOML names the line and never what stands in it") {
  const std::string error = error_for("host = \"a\"\npassword = s3cret\n");
  CHECK(error.rfind("2: this is not TOML", 0) == 0);
  CHECK(error.find("s3cret") == std::string::npos);
  CHECK(error_for("host = \"a\nport = 1\n").rfind("1: ", 0) == 0);
  CHECK(error_for("port = 1\nport = 2\n") == "2: this key is given twice; leave one of them out");
}

TEST_CASE("both programs read the same file") {
  std::vector<run::Warning> warnings;
  const TemporaryFolder folder;
  const std::string path =
      folder.write("c.toml", "output = \"json\"\ncolor = \"never\"\nqos = 0\n");
  CHECK(read(path, warnings).size() == 3);
  CHECK(read_configuration(mqtt_sub(), path, Origin::Source::profile, Presence::required, warnings)
            .size() == 3);
}

TEST_CASE("a file that must be there and is not ends the run with its path and the reason") {
  std::vector<run::Warning> warnings;
  const TemporaryFolder folder;
  const std::string path = folder.path + "/none.toml";
  try {
    read(path, warnings);
    FAIL("no error");
  } catch (const RunError& error) {
    CHECK(error.code() == ExitCode::failure);
    CHECK(std::string{error.what()} ==
          "cannot read " + path + ": No such file or directory (is the path right?)");
  }
  CHECK(read_configuration(mqtt_pub(), path, Origin::Source::configuration, Presence::optional,
                           warnings)
            .empty());
  CHECK_THROWS_AS(read(folder.path, warnings), RunError);
}

TEST_CASE("a password in a file that others may read is worth a warning") {
  std::vector<run::Warning> warnings;
  const TemporaryFolder folder;
  const std::string path = folder.write("c.toml", "password = \"s3cret\"\n", 0644);
  read(path, warnings);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].text == path + ":1: others may read this password (chmod 600 helps)");
}

TEST_CASE("a profile that is not there is answered with those that are") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  fake.variables = {{"XDG_CONFIG_HOME", folder.path}};
  const auto error = [&] {
    try {
      fake.sub({"--profile", "lob", "t"});
    } catch (const RunError& failure) {
      CHECK(failure.code() == ExitCode::failure);
      return std::string{failure.what()};
    }
    return std::string{};
  };
  const std::string own = folder.path + "/mqtt-tools";
  CHECK(error() == "there is no profile lob: " + own +
                       "/lob.toml does not exist, nor does any other profile in " + own);
  REQUIRE(::mkdir(own.c_str(), 0700) == 0);
  CHECK(error().find("nor does any other") != std::string::npos);
  for (const char* name : {"lab.toml", "home.toml", "config.toml", "notes.txt"}) {
    folder.write("mqtt-tools/" + std::string{name}, "");
  }
  CHECK(error() == "there is no profile lob: the profiles in " + own + " are home, lab");
  for (int number = 10; number < 40; ++number) {
    folder.write("mqtt-tools/m" + std::to_string(number) + ".toml", "");
  }
  CHECK(error().find("m26, m27 and 12 more") != std::string::npos);
}

TEST_CASE("a profile has a plain name") {
  CHECK(profile_path("/c", "lab-1.x_Y") == "/c/lab-1.x_Y.toml");
  for (const char* name : {"", "a/b", "../x", "a b", "é"}) {
    CHECK_THROWS_AS(profile_path("/c", name), UsageError);
  }
}
