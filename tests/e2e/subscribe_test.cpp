// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <unistd.h>

using namespace mqtt_tools::support;

namespace {

/// Publishes with a program that is not ours.
void publish(const Broker& broker, std::initializer_list<std::string> words) {
  auto command = broker.command("/usr/bin/mosquitto_pub", {"-V", "5", "-q", "1"}).add(words);
  check_exit(run(command), 0);
}

std::string read_all(const Descriptor& fd) {
  std::string text;
  char buffer[256];
  for (ssize_t size = 0; (size = read(fd.get(), buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

TEST_CASE("messages of all filters are shown, but for those filtered out") {
  Broker broker;
  Process process{broker.sub({"a/+", "-t", "b/#", "-T", "a/no", "-T", "b/x/#", "-v", "-C", "3"})};
  REQUIRE(broker.wait_for_subscription("a/+"));
  REQUIRE(broker.wait_for_subscription("b/#"));
  for (const auto* topic : {"a/yes", "a/no", "c", "b/x/y", "b", "a/x/y", "b/1/2"}) {
    publish(broker, {"-t", topic, "-m", "m"});
  }
  const auto result = process.wait();
  check_exit(result, 0);
  CHECK(result.out == "a/yes m\nb m\nb/1/2 m\n");
  CHECK(result.err.empty());
}

TEST_CASE("retained messages are left out or are all that is shown") {
  Broker broker;
  publish(broker, {"-t", "r/1", "-m", "old", "-r"});
  publish(broker, {"-t", "r/2", "-m", "older", "-r"});

  Process live{broker.sub({"r/#", "-R", "-C", "1"})};
  REQUIRE(broker.wait_for_subscription("r/#"));
  publish(broker, {"-t", "r/1", "-m", "new"});
  CHECK(live.wait().out == "new\n");

  Process retained{broker.sub({"r/#", "--retained-only", "-v"})};
  REQUIRE(broker.wait_for_subscription("r/#", 2));
  REQUIRE(retained.wait_for_out("r/2 older\n"));
  publish(broker, {"-t", "r/1", "-m", "live"});
  const auto result = retained.wait();
  check_exit(result, 0);
  CHECK(result.out == "r/1 old\nr/2 older\n");

  check_exit(run(broker.sub({"r/#", "--retained-only", "--idle-timeout", "0.2"})), 0);
}

TEST_CASE("a count, a timeout, a duration and an idle time end a run") {
  Broker broker;
  publish(broker, {"-t", "t", "-m", "one", "-r"});
  const auto within_limit = [&](std::initializer_list<std::string> words, int code, int least) {
    const auto result = run(broker.sub({"t"}).add(words));
    check_exit_within(result, code, milliseconds{least + 1000});
    CHECK(result.out == "one\n");
    CHECK(result.duration >= milliseconds{least});
    return result.err;
  };
  CHECK(within_limit({"-C", "1"}, 0, 0).empty());
  CHECK(within_limit({"-C", "2", "-W", "0.3"}, 27, 300).find("1 of 2") != std::string::npos);
  within_limit({"--duration", "0.3"}, 0, 300);
  within_limit({"--idle-timeout", "0.3"}, 0, 300);
  within_limit({"-C", "2", "--duration", "0.3"}, 0, 300);
}

TEST_CASE("with -E a run ends once subscribed") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit_within(run(sub(broker.port(), {"t", "u", "-E"})), 0, 1s);
  CHECK(broker.received(PacketType::subscribe).size() == 2);
  CHECK(broker.wait_for(PacketType::disconnect));
}

TEST_CASE("a whole smoke test is one line and takes less than a second") {
  Broker broker;
  const auto result = run(broker.sub({"-C", "1", "-W", "5", "--expect", R"({"msg":"ok"})", "-t",
                                      "ci/smoke", "--on-ready", "mqtt-pub ci/smoke ok"}));
  check_exit_within(result, 0, 1s);
  CHECK(result.out.starts_with(R"({"msg":"ok","data":")"));
}

TEST_CASE("an expectation that nobody meets says what came instead") {
  Broker broker;
  publish(broker, {"-t", "t", "-m", R"({"msg":"no"})", "-r"});
  const auto result = run(broker.sub({"t", "-W", "1", "--expect", R"({"msg":"yes"})"}));
  check_exit_within(result, 27, 2s);
  CHECK(result.err.find(R"({"msg":"yes"})") != std::string::npos);
  CHECK(result.err.find(R"("msg":"no")") != std::string::npos);
}

TEST_CASE("a command that fails once ready ends the run with 1 if nothing else decides") {
  Broker broker;
  const auto alone = run(broker.sub({"t", "--duration", "0.5", "--on-ready", "exit 3"}));
  CHECK(alone.err.find('3') != std::string::npos);
  check_exit(alone, 1);
  check_exit(run(broker.sub({"t", "-W", "0.5", "--on-ready", "exit 3"})), 27);
}

TEST_CASE("being ready is written to a file and a descriptor") {
  Broker broker;
  const TemporaryDirectory directory;
  auto pipe = make_pipe();
  Process process{broker.sub({"t", "--ready-file", directory / "ready", "--ready-fd"})
                      .add({std::to_string(pipe.write.get())})
                      .inherit(pipe.write.get())};
  pipe.write.close();
  CHECK(read_all(pipe.read) == "ready\n");
  CHECK(process.running());
  REQUIRE(eventually(patience, [&] { return !directory.names().empty(); }));
  CHECK(directory.names() == std::vector<std::string>{"ready"});
  CHECK(read_file(directory / "ready") == "ready\n");
  check_exit(run(broker.sub({"t", "--ready-fd", "123"})), 2);
}

TEST_CASE("delimiters and forms are as asked") {
  Broker broker;
  publish(broker, {"-t", "t", "-m", R"({"msg": "é"})", "-r"});
  const auto shown = [&](std::initializer_list<std::string> words) {
    return run(broker.sub({"t", "-C", "1"}).add(words)).out;
  };
  const std::string payload = R"({"msg": "é"})";
  CHECK(shown({}) == payload + "\n");
  CHECK(shown({"-o", "raw"}) == payload + "\n");
  CHECK(shown({"-v"}) == "t " + payload + "\n");
  CHECK(shown({"-N"}) == payload);
  CHECK(shown({"-0"}) == payload + std::string(1, '\0'));
  CHECK(shown({"-vN"}) == "t " + payload);
  CHECK(shown({"--select", "/msg"}) == "é\n");
  const auto record = shown({"-o", "json"});
  CHECK(record.starts_with(R"({"tst":")"));
  const std::string rest = R"("topic":"t","qos":1,"retain":true,"payloadlen":13,"mid":1,)"
                           R"("payload":"{\"msg\": \"é\"}","value":{"msg":"é"}})";
  CHECK(record.substr(record.find("\"topic\"")) == rest + "\n");
  CHECK(shown({"-j"}).starts_with(R"({"tst":")"));
}

TEST_CASE("a payload of any bytes goes through a pipe unchanged") {
  Broker broker;
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  check_exit(run(broker.command("/usr/bin/mosquitto_pub", {"-t", "t", "-r", "-s"}), bytes), 0);
  CHECK(run(broker.sub({"t", "-C", "1", "-N"})).out == bytes);
}
