// SPDX-License-Identifier: MIT
//
// Presence, as a client that is not ours sees it.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/relay.hpp"
#include "support/script_broker.hpp"

#include <signal.h>

using namespace mqtt_tools::support;

namespace {

/// Each program with presence on "t", connected for as long as it lives.
struct Stayer {
  const char* name;
  std::function<Command(int port)> command;
};

const std::vector<Stayer> stayers{
    {"mqtt-sub",
     [](int port) {
       return sub(port, {"other", "--presence", "t"});
     }},
    {"mqtt-pub",
     [](int port) {
       return pub(port, {"other", "-l", "--presence", "t"}).open_input();
     }},
    {"mqtt-pub with a spool",
     [](int port) {
       static const TemporaryDirectory directory;
       const auto spool = directory / std::to_string(port);
       return pub(port, {"other", "-l", "--presence", "t", "--spool", spool}).open_input();
     }},
};

/// A subscriber to "t" that shows what comes as `retain payload`, without times.
class Watcher {
 public:
  explicit Watcher(Broker& broker)
      : process_({"mosquitto_sub", "-p", broker.port_text(), "-t", "t", "-v", "-F", "%r %q %p"}) {
    REQUIRE(broker.wait_for_subscription("t"));
  }

  bool saw(const std::string& text, int times = 1) {
    return process_.wait_for_out(text, patience, times);
  }
  std::string all() const { return process_.out(); }

 private:
  Process process_;
};

/// What a newcomer is told.
std::string retained(const Broker& broker) {
  return run(broker.sub({"t", "--retained-only", "-C", "1", "-W", "5", "-o", "raw"})).out;
}

}  // namespace

TEST_CASE("who connects is online, and offline when it ends, by itself or by a signal") {
  for (const auto& stayer : stayers) {
    for (const int signal : {0, SIGINT, SIGTERM}) {
      CAPTURE(stayer.name, signal);
      Broker broker;
      Watcher watcher{broker};
      auto command = stayer.command(broker.port());
      if (signal == 0) command.add({stayer.name == std::string{"mqtt-sub"} ? "-E" : "--quiet"});
      Process process{command};
      REQUIRE(watcher.saw(R"({"msg":"online","data":")"));
      if (signal == 0) {
        if (stayer.name != std::string{"mqtt-sub"}) process.close_input();
      } else {
        CHECK(retained(broker).find("online") != std::string::npos);
        process.signal(signal);
      }
      check_exit(process.wait(), signal == 0 ? 0 : 128 + signal);
      CHECK(watcher.saw(R"(0 0 {"msg":"offline","data":")"));
      CHECK(retained(broker).rfind(R"({"msg":"offline","data":")", 0) == 0);
    }
  }
}

TEST_CASE("who is killed is offline by its will, which has no time") {
  for (const auto& stayer : stayers) {
    CAPTURE(stayer.name);
    Broker broker;
    Watcher watcher{broker};
    Process process{stayer.command(broker.port())};
    REQUIRE(watcher.saw("online"));
    process.signal(SIGKILL);
    CHECK(watcher.saw(R"({"msg":"offline"})"));
    CHECK(retained(broker) == "{\"msg\":\"offline\"}\n");
  }
}

TEST_CASE("after a loss the old will is published before the new message, and the last is online") {
  for (const auto& stayer : stayers) {
    CAPTURE(stayer.name);
    Broker broker;
    Watcher watcher{broker};
    Relay relay{broker.port()};
    Process process{stayer.command(relay.port())};
    REQUIRE(watcher.saw("online"));
    relay.cut();
    REQUIRE(watcher.saw(R"({"msg":"online")", 2));
    const auto all = watcher.all();
    CHECK(all.find(R"({"msg":"offline"})") < all.rfind(R"({"msg":"online")"));
    CHECK(retained(broker).find("online") != std::string::npos);
  }
}

TEST_CASE("presence may be bare words, and other ones") {
  Broker broker;
  Watcher watcher{broker};
  int times = 0;
  for (const auto& stayer : stayers) {
    ++times;
    CAPTURE(stayer.name);
    Process process{stayer.command(broker.port())
                        .add({"--raw", "--presence-online", "here", "--presence-offline", "gone"})};
    REQUIRE(watcher.saw("0 0 here\n", times));
    CHECK(retained(broker) == "here\n");
    process.signal(SIGKILL);
    REQUIRE(watcher.saw("gone\n", times));
    CHECK(retained(broker) == "gone\n");
  }
}

TEST_CASE("presence that is denied is told once, and ends with 5 if nothing else decides") {
  const ScriptBroker broker{[](Session& session) {
    session.accept();
    for (;;) {
      const auto packet = session.read();
      if (packet.type == PacketType::publish && packet.topic() == "p") {
        session.puback(packet, 0x87);
      } else {
        session.answer(packet);
      }
    }
  }};
  const auto subscriber = run(sub(broker.port(), {"other", "-E", "--presence", "p"}));
  check_exit(subscriber, 5);
  CHECK(subscriber.err == "mqtt-sub: presence on p was denied: not authorized\n");
  const auto publisher =
      run(pub(broker.port(), {"other", "-l", "--presence", "p"}).input("one\ntwo\n"));
  check_exit(publisher, 5);
  CHECK(publisher.err == "mqtt-pub: presence on p was denied: not authorized\n");
  CHECK(broker.received(PacketType::publish).size() == 2 + 2);
}

TEST_CASE("a broker that allows one message at a time gets presence and lines one by one") {
  const ScriptBroker broker{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0, std::string{"\x21\0\x01", 3});  // Receive Maximum 1
    for (int count = 0; count < 5; ++count) {
      const auto publish = session.expect(PacketType::publish);
      session.puback(publish);
    }
    session.expect(PacketType::disconnect);
  }};
  const auto result =
      run(pub(broker.port(), {"t", "-l", "--presence", "p", "--raw"}).input("1\n2\n3\n"));
  check_exit(result, 0);
  std::string order;
  for (const auto& packet : broker.received(PacketType::publish)) order += packet.payload() + " ";
  CHECK(order == "online 1 2 3 offline ");
}

TEST_CASE("presence is for runs that stay, has no wildcard, and no second will") {
  const auto refused = [](std::initializer_list<std::string> words, const std::string& text) {
    const auto result = run(Command{words});
    check_exit(result, 2);
    CHECK(result.err.find(text) != std::string::npos);
  };
  refused({"mqtt-pub", "t", "hi", "--presence", "p"},
          "--presence is for a run that stays connected");
  refused({"mqtt-sub", "t", "--presence", "p/+"}, "--presence");
  refused({"mqtt-sub", "t", "--presence", "p", "--will-topic", "w"},
          "--will-topic and --presence exclude each other");
  refused({"mqtt-sub", "t", "--presence-online", "here"}, "--presence-online needs --presence");
  refused({"mqtt-sub", "t", "--presence", "p", "--presence-online", "\xff"}, "UTF-8");
  refused({"mqtt-sub", "t", "--raw"}, "--raw is for --presence");
}

TEST_CASE("presence in a file is for the runs that stay, and no others") {
  Broker broker;
  const TemporaryDirectory directory;
  const auto file = directory.write("c.toml", "presence = \"t\"\nwill-delay = 0\n");
  check_exit(run(broker.pub({"other", "hi", "--config", file})), 0);
  Watcher watcher{broker};
  Process process{broker.sub({"other", "--config", file})};
  CHECK(watcher.saw(R"({"msg":"online")"));
}
