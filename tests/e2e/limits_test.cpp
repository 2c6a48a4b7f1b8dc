// SPDX-License-Identifier: MIT
//
// What a broker does not take, and does not allow.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/relay.hpp"
#include "support/script_broker.hpp"

#include <filesystem>

using namespace mqtt_tools::support;

TEST_CASE("a message larger than the broker takes is refused by name and number, and not sent") {
  BrokerOptions options;
  options.lines = "max_packet_size 1000\n";
  Broker broker{options};
  Relay relay{broker.port()};
  relay.record();
  const auto result = run(pub(relay.port(), {"t", "--raw", std::string(2'000, 'x')}));
  check_exit_within(result, 5, 1s);
  CHECK(result.err.find("denied, to t: a message of 2000 bytes") != std::string::npos);
  CHECK(result.err.find("at most 1000 bytes") != std::string::npos);
  CHECK(result.err.find("127.0.0.1:" + relay.port_text()) != std::string::npos);
  CHECK(relay.recorded().find("xxx") == std::string::npos);
  check_exit(run(pub(relay.port(), {"t", "--raw", std::string(900, 'x')})), 0);
}

TEST_CASE("a QoS that the broker does not have, and a retained message, are refused by name") {
  BrokerOptions options;
  options.lines = "max_qos 1\n";
  Broker modest{options};
  const auto quality = run(modest.pub({"t", "hi", "-q", "2"}));
  check_exit_within(quality, 5, 1s);
  CHECK(quality.err.find("QoS 1 at most") != std::string::npos);
  check_exit(run(modest.pub({"t", "hi", "-q", "1"})), 0);

  options.lines = "retain_available false\n";
  Broker forgetful{options};
  const auto retained = run(forgetful.pub({"t", "hi", "-r"}));
  check_exit_within(retained, 5, 1s);
  CHECK(retained.err.find("-r") != std::string::npos);
  const auto will = run(forgetful.pub({"t", "hi", "--will-topic", "w", "--will-retain"}));
  check_exit(will, 4);
  CHECK(will.err.find("(for the will; see --will-retain") != std::string::npos);
}

TEST_CASE("a denied message ends with 5 where the broker can say so, and with 0 where it cannot") {
  BrokerOptions options;
  options.acl = "topic read #\n";
  Broker broker{options};
  const auto told = run(broker.pub({"forbidden", "hi", "-V", "5"}));
  check_exit_within(told, 5, 1s);
  CHECK(told.err.find("forbidden") != std::string::npos);
  CHECK(told.err.find("not authorized") != std::string::npos);
  check_exit_within(run(broker.pub({"forbidden", "hi", "-V", "3.1.1"})), 0, 1s);
}

TEST_CASE("a password file gives the password, and is warned about when others may read it") {
  BrokerOptions options;
  options.users = {{"me", "right"}};
  Broker broker{options};
  const TemporaryDirectory directory;
  const auto file = directory.write("password", "right\n");
  const auto publish = [&] {
    return run(broker.pub({"t", "hi", "-u", "me", "--password-file", file}));
  };
  using std::filesystem::perms;
  const auto own = perms::owner_read | perms::owner_write;
  std::filesystem::permissions(file, own);
  const auto quiet = publish();
  check_exit(quiet, 0);
  CHECK(quiet.err.empty());
  for (const auto others : {perms::group_read, perms::others_read}) {
    std::filesystem::permissions(file, own | others);
    const auto warned = publish();
    check_exit(warned, 0);
    CHECK(warned.err.find(file) != std::string::npos);
    CHECK(warned.err.find("chmod 600") != std::string::npos);
    CHECK(warned.err.find("right") == std::string::npos);
  }
  directory.write("password", "wrong\n");
  check_exit(publish(), 4);
}

TEST_CASE("a login that is refused is told with what to look at") {
  BrokerOptions options;
  options.users = {{"me", "right"}};
  Broker broker{options};
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    const auto wrong = run(broker.pub({"t", "hi", "-V", version, "-u", "me", "-P", "wrong"}));
    check_exit(wrong, 4);
    CHECK(wrong.err.find("not authorized (check the user name and the password)\n") !=
          std::string::npos);
    const auto line = run(broker.pub({"t", "hi", "-V", version, "-u", "me", "-P", "right\n"}));
    check_exit(line, 4);
    CHECK(line.err.find("password, which ends in a blank or the end of a line)") !=
          std::string::npos);
    const auto none = run(broker.pub({"t", "hi", "-V", version}));
    check_exit(none, 4);
    CHECK(none.err.find("not authorized (no user name was given; see --username)\n") !=
          std::string::npos);
  }
}

TEST_CASE("a packet larger than --max-packet ends the connection and names the option") {
  const std::string version = GENERATE("3.1.1", "5");
  CAPTURE(version);
  const auto script = [](Session& session) {
    session.accept_subscription();
    session.publish("t", std::string(1'000, 'x'));
    session.serve();
  };
  {
    ScriptBroker broker{script};
    const auto result =
        run(sub(broker.port(), {"t", "-V", version, "-C", "1", "-W", "8", "--max-packet", "1kB"}));
    check_exit_within(result, 6, 5s);
    CHECK(result.err.find("--max-packet") != std::string::npos);
  }
  ScriptBroker broker{script};
  const auto result =
      run(sub(broker.port(), {"t", "-V", version, "-C", "1", "-W", "8", "--max-packet", "1100"}));
  check_exit_within(result, 0, 5s);
}

TEST_CASE("the option --max-packet takes a size, and only one that MQTT can say") {
  for (const std::string size : {"", "12", "1 kB", "5PB", "-1", "300MB", "0x400", "1.5MB"}) {
    CAPTURE(size);
    const auto result = run(sub(1, {"t", "--max-packet", size}));
    CHECK(result.code == 2);
    CHECK(result.err.find("--max-packet") != std::string::npos);
  }
}
