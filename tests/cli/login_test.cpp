// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

TEST_CASE("a password file gives its first line, and is to be private") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  const auto read = [&](const std::string& text, mode_t mode) {
    return fake.pub({"-u", "joe", "--password-file", folder.write("pw", text, mode), "t", "m"});
  };
  CHECK(read("s3cret\n", 0600).connection.credentials.password == "s3cret");
  CHECK(read("s3cret", 0600).connection.credentials.password == "s3cret");
  CHECK(read(" s3 cret \r\nx\n", 0600).connection.credentials.password == " s3 cret ");
  CHECK(read("s3cret\n", 0600).verbosity.warnings.empty());
  for (const mode_t mode : {0640U, 0604U}) {
    const PubOptions options = read("s3cret\n", mode);
    REQUIRE(options.verbosity.warnings.size() == 1);
    CHECK(options.verbosity.warnings[0].text ==
          folder.path + "/pw holds a secret and others may read it; chmod 600 helps");
  }
}

TEST_CASE("a password file that is empty or missing is said with its name") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  CHECK(fake.pub_error({"--password-file", folder.write("pw", "\nx"), "t", "m"}) ==
        "--password-file: there is no password in its first line");
  try {
    fake.pub({"--password-file", "/nowhere", "t", "m"});
    FAIL("no error");
  } catch (const RunError& error) {
    CHECK(error.code() == ExitCode::failure);
    CHECK(std::string{error.what()} ==
          "cannot read /nowhere: No such file or directory (is the path right?)");
  }
}

TEST_CASE("a password of a stronger source wins, wherever it stands") {
  const TemporaryFolder folder;
  FakeEnvironment fake;
  fake.variables["MQTT_PASSWORD"] = "weak";
  fake.variables["MQTT_USERNAME"] = "joe";
  CHECK(fake.pub({"t", "m"}).connection.credentials.password == "weak");
  CHECK(fake.pub({"--password-file", folder.write("bom", "\xEF\xBB\xBFstrong\r\n"), "t", "m"})
            .connection.credentials.password == "strong");
  CHECK(fake.pub({"--password-file", folder.write("pw", "strong\n"), "t", "m"})
            .connection.credentials.password == "strong");
}

TEST_CASE("nothing is asked for a run that will be refused") {
  FakeEnvironment fake;
  Environment environment = fake.environment();
  bool asked = false;
  environment.ask_password = [&] {
    asked = true;
    return std::string{};
  };
  CHECK_THROWS_AS(read_pub({"--ask-password"}, environment), UsageError);
  CHECK_THROWS_AS(read_sub({"--ask-password", "a#"}, environment), UsageError);
  CHECK_FALSE(asked);
}

TEST_CASE(
    "a password that leaves this machine in plain text is warned about, whatever it is named") {
  const auto warned = [](const std::string& host) {
    const PubOptions options =
        FakeEnvironment{}.pub({"-h", host, "-u", "joe", "-P", "x", "t", "m"});
    return !options.verbosity.warnings.empty();
  };
  CHECK(warned("127.evil.example"));
  CHECK(warned("localhost.evil.example"));
  CHECK_FALSE(warned("LOCALHOST."));
  CHECK_FALSE(warned("127.9.9.9"));
  CHECK_FALSE(warned("[::ffff:127.0.0.1]"));
}

TEST_CASE("a password without a name needs MQTT 5") {
  CHECK(FakeEnvironment{}.pub({"-P", "x", "t", "m"}).connection.version_5_only ==
        "a password without --username");
}
