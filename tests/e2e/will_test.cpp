// SPDX-License-Identifier: MIT
//
// The message that the broker publishes when one of the programs dies.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <future>

using namespace mqtt_tools::support;

namespace {

/// Each program, connected and idle for as long as it lives.
struct Idler {
  const char* name;
  std::function<Command(const Broker&)> command;
};

const std::vector<Idler> idlers{
    {"mqtt-sub", [](const Broker& broker) { return broker.sub({"other"}); }},
    {"mqtt-pub", [](const Broker& broker) {
       return broker.pub({"other", "-l"}).open_input();
     }}};

}  // namespace

TEST_CASE("the will of a program that is killed is published, as it was given") {
  for (const auto& idler : idlers) {
    for (const std::string version : {"5", "3.1.1"}) {
      CAPTURE(idler.name, version);
      Broker broker;
      Witness witness{broker, 1, "%t %q %p"};
      Process process{
          idler.command(broker).add({"--will-topic", "t", "--will-payload", "gone %t", "--will-qos",
                                     "2", "--will-retain", "-i", "mortal", "-V", version})};
      REQUIRE(broker.wait_for_log(" as mortal"));
      process.signal(SIGKILL);
      CHECK(witness.out() == "t 2 gone %t\n");
      const auto kept = run(broker.sub({"t", "-C", "1", "-W", "10"}));
      CHECK(kept.out == "gone %t\n");
    }
  }
}

TEST_CASE("the will of a program that leaves in order is not published") {
  for (const auto& idler : idlers) {
    for (const int signal : {SIGINT, SIGTERM}) {
      CAPTURE(idler.name, signal);
      Broker broker;
      Witness witness{broker, 1};
      Process process{
          idler.command(broker).add({"--will-topic", "t", "--will-payload", "gone", "--debug"})};
      REQUIRE(process.wait_for_err("connected to"));  // so that it can say good-bye
      process.signal(signal);
      check_exit(process.wait(), 128 + signal);
      check_exit(run(broker.pub({"t", "--raw", "the end"})), 0);
      CHECK(witness.out() == "the end\n");
    }
  }
}

TEST_CASE("a program that is told to leave while it connects takes its will back") {
  std::promise<void> told;
  ScriptBroker broker{[&told](Session& session) {
    session.expect(PacketType::connect);
    told.get_future().wait();
    session.connack(0);
    session.serve();
  }};
  Process process{sub(broker.port(), {"t", "--will-topic", "w", "--will-payload", "gone"})};
  REQUIRE(broker.wait_for(PacketType::connect));
  process.signal(SIGINT);
  told.set_value();
  check_exit(process.wait(within(1s)), 130);
  REQUIRE(broker.wait_for_end());
  CHECK(broker.received(PacketType::disconnect).size() == 1);
}

// Under MQTT 5 our receive-maximum keeps the broker from sending more.
TEST_CASE("a subscriber that leaves messages with the broker takes its will back") {
  for (const int qos : {1, 2}) {
    CAPTURE(qos);
    ScriptBroker broker{[qos](Session& session) {
      session.accept();
      session.expect(PacketType::subscribe);
      session.publish("t", "one", qos, 1);
      session.publish("t", "two", qos, 2);  // More than --count, and no SUBACK yet.
      session.stay_silent();
    }};
    const auto result =
        run(sub(broker.port(), {"t", "-C", "1", "-c", "-i", "durable", "-V", "3.1.1"})
                .add({"-q", std::to_string(qos), "--will-topic", "w"}));
    check_exit(result, 0);
    CHECK(result.out == "one\n");
    CHECK(broker.wait_for(PacketType::disconnect));
    CHECK(broker.received(qos == 1 ? PacketType::puback : PacketType::pubrec).size() == 1);
  }
}

TEST_CASE("a program whose subscription is denied, or not answered, takes its will back") {
  const std::vector<std::string> words{"--will-topic", "w", "--connect-timeout", "0.5"};
  for (const bool answers : {true, false}) {
    CAPTURE(answers);
    const auto serve = [answers](Session& session) {
      session.accept();
      const auto subscribe = session.expect(PacketType::subscribe);
      if (answers) session.suback(subscribe, {0x87});
      session.stay_silent();
    };
    ScriptBroker one{serve};
    check_exit(run(sub(one.port(), {"t"}).add(words)), answers ? 5 : 3);
    CHECK(one.wait_for(PacketType::disconnect));
    ScriptBroker other{serve};
    check_exit(run(pub(other.port(), {"t", "--verify"}).add(words)), answers ? 5 : 3);
    CHECK(other.wait_for(PacketType::disconnect));
  }
}

TEST_CASE("a publisher that gives up takes its will back") {
  const TemporaryDirectory directory;
  const std::vector<std::string> will{"--will-topic", "w", "--will-payload", "gone"};
  for (const auto& spool : {std::vector<std::string>{}, {"--spool", directory / "spool"}}) {
    CAPTURE(spool);
    ScriptBroker broker{[](Session& session) { session.serve(); }};
    Process process{
        pub(broker.port(), {"-l", "--topic-from-line"}).add(will).add(spool).open_input()};
    process.write("t\tone\n");
    REQUIRE(broker.wait_for(PacketType::publish));
    process.write("no tab\n");
    check_exit(process.wait(), 2);
    CHECK(broker.wait_for(PacketType::disconnect));

    ScriptBroker mute{[](Session& session) {
      session.accept();
      session.stay_silent();
    }};
    const auto words = std::vector<std::string>{"t", "x", "--ack-timeout", "0.3", "--no-reconnect"};
    auto command = pub(mute.port(), {}).add(words).add(will);
    if (!spool.empty()) command.add({"--spool", directory / "other"});
    check_exit(run(command), spool.empty() ? 6 : 75);
    CHECK(mute.wait_for(PacketType::disconnect));
  }
}

TEST_CASE("a program with a will is not held up by a broker that does not answer") {
  ScriptBroker broker{[](Session& session) { session.stay_silent(); }};
  Process process{sub(broker.port(), {"t", "--will-topic", "w", "--will-payload", "gone"})};
  REQUIRE(broker.wait_for(PacketType::connect));
  process.signal(SIGINT);
  check_exit(process.wait(within(1s)), 130);
}

TEST_CASE("a will carries the properties that MQTT 5 has for it") {
  Broker broker;
  Witness witness{broker, 1, "%p|%C|%R|%D|%P"};
  Process process{broker.sub({"other",
                              "--will-topic",
                              "t",
                              "--will-payload",
                              "gone",
                              "-D",
                              "will",
                              "content-type",
                              "text/plain",
                              "-D",
                              "will",
                              "user-property",
                              "k",
                              "v w",
                              "-D",
                              "will",
                              "response-topic",
                              "answers",
                              "-D",
                              "will",
                              "correlation-data",
                              "x1",
                              "-i",
                              "mortal"})};
  REQUIRE(broker.wait_for_log(" as mortal"));
  process.signal(SIGKILL);
  CHECK(witness.out() == "gone|text/plain|answers|x1|k:v w\n");
}

TEST_CASE("a will may wait, for as long as was asked") {
  Broker broker;
  Witness witness{broker, 1};
  Process process{broker.sub({"other", "--will-topic", "t", "--will-payload", "gone",
                              "--will-delay", "2", "-x", "60", "-i", "mortal"})};
  REQUIRE(broker.wait_for_log(" as mortal"));
  process.signal(SIGKILL);
  const auto died = std::chrono::steady_clock::now();
  CHECK(witness.out() == "gone\n");
  CHECK(std::chrono::steady_clock::now() - died >= 900ms);  // Mosquitto counts whole seconds.
}

TEST_CASE("what belongs to a will needs one") {
  for (const auto& command :
       {Command{"mqtt-sub", "t", "--will-payload", "gone"},
        Command{"mqtt-sub", "t", "--will-retain"}, Command{"mqtt-sub", "t", "--will-qos", "1"},
        Command{"mqtt-sub", "t", "--will-delay", "1"},
        Command{"mqtt-sub", "t", "-D", "will", "content-type", "x"},
        Command{"mqtt-sub", "t", "--will-topic", "a/#"}}) {
    CAPTURE(command.text());
    const auto result = run(command);
    check_exit(result, 2);
    CHECK(result.err.find("will") != std::string::npos);
  }
}

TEST_CASE("a broker that does what is not allowed publishes the will all the same") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker;
    Witness witness{broker, 1, "%t %p"};
    auto command = broker.sub({"other", "--max-packet", "300", "--will-topic", "t",
                               "--will-payload", "gone", "-V", version});
    // Else a broker of MQTT 5 would leave the message out.
    if (version == "5") command.add({"-D", "connect", "maximum-packet-size", "5000"});
    Process process{command};
    REQUIRE(broker.wait_for_subscription("other"));
    check_exit(run(broker.pub({"other", "--raw", std::string(1'000, 'x')})), 0);
    check_exit(process.wait(), 6);
    CHECK(witness.out() == "t gone\n");
  }
}
