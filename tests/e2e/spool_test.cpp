// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <regex>
#include <sstream>

using namespace mqtt_tools::support;
using mqtt_tools::support::Contains;

namespace {

/// A folder for a spool, and mqtt-pub with it.
struct Spool {
  Command pub(int port, std::initializer_list<std::string> words) const {
    return mqtt_tools::support::pub(port, {"--spool", folder, "--raw"}).add(words);
  }
  Command drain(int port, std::initializer_list<std::string> words = {}) const {
    return mqtt_tools::support::pub(port, {"--spool", folder, "--drain"}).add(words);
  }
  Command list() const { return mqtt_tools::support::pub(1, {"--spool", folder, "--spool-list"}); }

  /// The payloads that wait, each behind a blank.
  std::string payloads() const {
    const auto records = run(list());
    CHECK(records.code == 0);
    std::string text;
    const std::regex payload{"\"payload\":\"([^\"]*)\""};
    for (std::sregex_iterator at{records.out.begin(), records.out.end(), payload}, end; at != end;
         ++at) {
      text += " " + (*at)[1].str();
    }
    return text;
  }

  TemporaryDirectory directory{};
  std::string folder = directory / "spool";
};

/// The payloads of all PUBLISH packets that came, each behind a blank.
std::string published(const ScriptBroker& broker) {
  std::string text;
  for (const auto& packet : broker.received(PacketType::publish)) text += " " + packet.payload();
  return text;
}

void serve(Session& session) { session.serve(); }

}  // namespace

TEST_CASE(
    "all lines of a file are kept, also when they are as many as go into one commit, or more") {
  for (const int count : {999, 1000, 1001, 2500}) {
    CAPTURE(count);
    const Spool spool;
    std::string lines;
    for (int i = 1; i <= count; ++i) lines += std::to_string(i) + "\n";
    const auto file = spool.directory.write("lines", lines);
    check_exit(run(spool.pub(1, {"t", "--enqueue", "-l", "-f", file})), 0);
    const auto kept = spool.payloads();
    CHECK(std::ranges::count(kept, ' ') == count);
    CHECK(kept.ends_with(" " + std::to_string(count)));
  }
}

TEST_CASE("a password on stdin is no message, also where none is needed") {
  const Spool spool;
  const auto command = spool.pub(1, {"t", "--enqueue", "-l", "-u", "me", "--password-file", "-"});
  check_exit(run(command, "s3cret\none\ntwo\n"), 0);
  CHECK(spool.payloads() == " one two");
}

TEST_CASE("with few descriptors a message is kept once, or not at all and that is said") {
  const Spool spool;
  check_exit(run(spool.pub(1, {"t", "--enqueue", "first"})), 0);
  bool refused = false;
  for (int most = 5; most < 16; ++most) {
    CAPTURE(most);
    auto limited = Command{{"sh", "-c", R"(ulimit -n "$0"; exec "$@")", std::to_string(most)}};
    limited.add({"mqtt-pub", "-h", "127.0.0.1", "-p", "1", "--raw", "--spool", spool.folder});
    const auto word = " line" + std::to_string(most);
    const auto result = run(limited.add({"--enqueue", "-l", "t"}), word + ".\n" + word + ".\n");
    CAPTURE(result.err);
    const std::regex found{word + "\\."};
    const auto kept = spool.payloads();
    const auto times = std::distance(std::sregex_iterator{kept.begin(), kept.end(), found}, {});
    CHECK(times <= 2);
    if (result.code == 0) CHECK(times == 2);
    CHECK(result.err.empty() == (result.code == 0));
    refused = refused || result.code == 1;
  }
  CHECK(refused);
}

TEST_CASE("a list of what can be no spool is refused, and one of an empty folder is empty") {
  const TemporaryDirectory directory;
  const auto list = [](const std::string& path) {
    return run(pub(1, {"--spool", path, "--spool-list"}));
  };
  const auto file = list(directory.write("file", ""));
  CHECK(file.code == 1);
  CHECK_THAT(file.err, Contains("is not a folder"));
  CHECK(list(directory.path()).code == 0);
  const auto log = directory.write("spool.db-wal", "messages");
  const auto lost = list(directory.path());
  CHECK(lost.code == 1);
  CHECK_THAT(lost.err, Contains("spool.db is gone"));
  REQUIRE(::unlink(log.c_str()) == 0);
  REQUIRE(::symlink("nowhere", (directory / "spool.db").c_str()) == 0);
  CHECK(list(directory.path()).code == 1);
}

TEST_CASE("a list waits for its reader, also where nobody else would wait on that pipe") {
  const Spool spool;
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += std::string(1000, 'x') + "\n";
  check_exit(run(spool.pub(1, {"t", "--enqueue", "-l"}), lines), 0);
  auto pipe = make_pipe();
  set_nonblocking(pipe.write.get());
  Process list{spool.list().output_to(pipe.write.get())};
  pipe.write.close();
  int unread = 0;
  // It is full, but for less than a record.
  CHECK(eventually(patience, [&] {
    ::ioctl(pipe.read.get(), FIONREAD, &unread);
    return unread > 60'000 || !list.running();
  }));
  std::string text;
  char block[4096];
  for (ssize_t count = 0; (count = ::read(pipe.read.get(), block, sizeof block)) > 0;) {
    text.append(block, static_cast<std::size_t>(count));
  }
  check_exit(list.wait(), 0);
  CHECK(std::ranges::count(text, '\n') == 200);
}

TEST_CASE("what cannot be delivered is kept, and goes first with the next run") {
  const Spool spool;
  Broker broker;
  broker.stop();
  for (const auto* const word : {"1", "2"}) {
    const auto result = run(spool.pub(broker.port(), {"t", word}));
    check_exit(result, 75);
    CHECK_THAT(result.err,
               Contains("connection refused") && Contains("in the spool " + spool.folder));
  }
  check_exit(run(spool.pub(broker.port(), {"t", "-l"}), "3\n4\n"), 75);
  CHECK(spool.payloads() == " 1 2 3 4");
  broker.start();
  Witness witness{broker, 5};
  check_exit(run(spool.pub(broker.port(), {"t", "5"})), 0);
  CHECK(witness.out() == "1\n2\n3\n4\n5\n");
  CHECK(spool.payloads().empty());
}

TEST_CASE("a spool is only stored to, or only sent from, when that is asked for") {
  const Spool spool;
  Broker broker;
  broker.stop();
  check_exit(run(spool.drain(broker.port())), 0);
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "1"})), 0);
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "-l"}), "2\n3\n"), 0);
  check_exit(run(spool.drain(broker.port())), 75);
  broker.start();
  Witness witness{broker, 3};
  check_exit(run(spool.drain(broker.port())), 0);
  CHECK(witness.out() == "1\n2\n3\n");
  check_exit(run(spool.drain(broker.port())), 0);
}

TEST_CASE("lines are stored as they come, before there is a connection and without one") {
  const Spool spool;
  Broker broker;
  broker.stop();
  auto command = spool.pub(broker.port(), {"t", "-l", "-v"});
  Process publisher{command.open_input()};
  publisher.write("1\n");
  REQUIRE(publisher.wait_for_err("stored 1 message"));
  CHECK(spool.payloads() == " 1");
  publisher.write("2\n");
  REQUIRE(eventually(patience, [&] { return spool.payloads() == " 1 2"; }));
  broker.start();
  Witness witness{broker, 1, "%p", {"-v"}};
  REQUIRE(eventually(patience, [&] { return spool.payloads().empty(); }));
  publisher.write("3\n");
  publisher.close_input();
  check_exit(publisher.wait(), 0);
}

TEST_CASE("lines whose broker never comes are kept when they end") {
  const Spool spool;
  Broker broker;
  broker.stop();
  auto command = spool.pub(broker.port(), {"t", "-l"});
  Process publisher{command.open_input()};
  publisher.write("1\n");
  REQUIRE(publisher.wait_for_err("connection refused"));
  publisher.write("2\n");
  publisher.close_input();
  check_exit(publisher.wait(), 75);
  CHECK(spool.payloads() == " 1 2");
}

TEST_CASE("a relay sends what others store, and they wait for it") {
  const Spool spool;
  Broker broker;
  Witness witness{broker, 5};
  Process relay{spool.drain(broker.port(), {"--follow", "-v"})};
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "1"})), 0);
  REQUIRE(relay.wait_for_err("acknowledged"));
  const auto result = run(spool.pub(broker.port(), {"t", "-v", "2"}));
  check_exit(result, 0);
  CHECK_THAT(result.err, !Contains("connected"));
  check_exit(run(spool.pub(broker.port(), {"t", "-l"}), "3\n4\n"), 0);
  broker.stop();
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "5"})), 0);
  broker.start();
  REQUIRE(relay.wait_for_err("acknowledged", patience, 5));
  CHECK(eventually(patience, [&] { return spool.payloads().empty(); }));  // Removed after that.
  relay.signal(SIGTERM);
  const auto end = relay.wait();
  CHECK(end.signal == SIGTERM);
}

TEST_CASE("a relay that had nothing to send for long is as patient as before") {
  const Spool spool;
  ScriptBroker broker{serve};
  Process relay{spool.drain(broker.port(), {"--follow", "-v", "--ack-timeout", "1"})};
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "1"})), 0);
  REQUIRE(relay.wait_for_err("acknowledged"));
  CHECK_FALSE(relay.wait_for_err("no acknowledgement", 1200ms));
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "2"})), 0);
  REQUIRE(relay.wait_for_err("acknowledged", patience, 2));
  CHECK_THAT(relay.err(), !Contains("no acknowledgement"));
  CHECK(broker.connections() == 1);
}

TEST_CASE("a relay sends over a new connection what nobody acknowledges in time") {
  const Spool spool;
  ScriptBroker broker{{[](Session& session) {
                         session.accept();
                         session.stay_silent();
                       },
                       serve}};
  Process relay{spool.drain(broker.port(), {"--follow", "--ack-timeout", "0.3"})};
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "1"})), 0);
  REQUIRE(relay.wait_for_err("no acknowledgement for the time of --ack-timeout; trying again"));
  CHECK(eventually(patience, [&] { return spool.payloads().empty(); }));
  CHECK(published(broker) == " 1 1");
  CHECK(broker.connections() == 2);
  relay.signal(SIGTERM);
  CHECK(relay.wait().signal == SIGTERM);
}

TEST_CASE("a relay whose spool is deleted or moved says so and ends") {
  Broker broker;
  for (const bool moved : {false, true}) {
    for (const bool waits : {false, true}) {
      CAPTURE(moved, waits);
      const Spool spool;
      Process first{spool.drain(broker.port(), {"--follow", "-v"})};
      check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "1"})), 0);
      REQUIRE(first.wait_for_err("acknowledged"));
      std::optional<Process> second;
      if (waits) {
        second.emplace(spool.drain(broker.port(), {"--follow"}));
        REQUIRE(second->wait_for_err("waiting for process"));
        second->signal(SIGSTOP);  // It sees that the folder went and that the lock is free at once.
      }
      if (moved) {
        std::filesystem::rename(spool.folder, spool.directory / "elsewhere");
      } else {
        std::filesystem::remove_all(spool.folder);
      }
      check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "2"})), 0);
      for (auto* const relay : {&first, second ? &*second : nullptr}) {
        if (relay == nullptr) continue;
        relay->signal(SIGCONT);
        const auto result = relay->wait();
        check_exit(result, 1);
        CHECK_THAT(result.err, Contains(".lock was deleted or replaced"));
      }
      CHECK(spool.payloads() == " 2");
    }
  }
}

TEST_CASE("nothing is kept in a spool that is not there any more") {
  const Spool spool;
  Process publisher{spool.pub(1, {"t", "--enqueue", "-l", "-v"}).open_input()};
  publisher.write("1\n");
  REQUIRE(publisher.wait_for_err("stored 1 message"));
  std::filesystem::remove_all(spool.folder);
  check_exit(run(spool.pub(1, {"t", "--enqueue", "2"})), 0);
  publisher.write("3\n");
  const auto result = publisher.wait();
  check_exit(result, 1);
  CHECK_THAT(result.err,
             Contains("write.lock was deleted or replaced") && Contains("1 message was kept"));
  CHECK(spool.payloads() == " 2");
}

TEST_CASE("a relay tells whether it is there") {
  const Spool spool;
  Broker broker;
  Process watcher{broker.sub({"state", "-o", "raw"})};
  REQUIRE(broker.wait_for_subscription("state"));
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "1"})), 0);
  Process relay{
      spool.drain(broker.port(), {"--follow", "--presence", "state", "--presence-online", "here"})};
  REQUIRE(watcher.wait_for_out("here"));
  REQUIRE(eventually(patience, [&] { return spool.payloads().empty(); }));
  relay.signal(SIGTERM);
  CHECK(watcher.wait_for_out("offline"));
}

TEST_CASE("a relay waits for a broker that is not there yet") {
  const Spool spool;
  Broker broker;
  broker.stop();
  Process relay{spool.drain(broker.port(), {"--follow"})};
  REQUIRE(relay.wait_for_err("connection refused"));
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "1"})), 0);
  broker.start();
  CHECK(eventually(patience, [&] { return spool.payloads().empty(); }));
  relay.signal(SIGINT);
  CHECK(relay.wait().signal == SIGINT);
}

TEST_CASE("runs with one spool take turns, and all end well") {
  const Spool spool;
  Broker broker;
  Witness witness{broker, 30};
  std::vector<std::unique_ptr<Process>> runs;
  for (int i = 0; i < 30; ++i) {
    runs.push_back(std::make_unique<Process>(spool.pub(broker.port(), {"t", std::to_string(i)})));
  }
  for (const auto& one : runs) check_exit(one->wait(), 0);
  std::istringstream lines{witness.out()};
  std::vector<int> numbers{std::istream_iterator<int>{lines}, {}};
  std::sort(numbers.begin(), numbers.end());
  for (int i = 0; i < 30; ++i) CHECK(numbers.at(static_cast<std::size_t>(i)) == i);
}

TEST_CASE("a message that was sent but not acknowledged is sent again by the next run") {
  const Spool spool;
  ScriptBroker broker{{[](Session& session) {
                         session.accept();
                         session.stay_silent();
                       },
                       serve}};
  Process killed{spool.pub(broker.port(), {"t", "1"})};
  REQUIRE(broker.wait_for(PacketType::publish));
  killed.signal(SIGKILL);
  killed.wait();
  check_exit(run(spool.pub(broker.port(), {"t", "2"})), 0);
  CHECK(published(broker) == " 1 1 2");
}

TEST_CASE("a signal ends a run with a spool, which keeps what is not delivered") {
  const Spool spool;
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.stay_silent();
  }};
  Process publisher{spool.pub(broker.port(), {"t", "1"})};
  REQUIRE(broker.wait_for(PacketType::publish));
  publisher.signal(SIGINT);
  const auto result = publisher.wait();
  CHECK(result.signal == SIGINT);
  CHECK_THAT(result.err, Contains("interrupted; 1 message stays in the spool"));
  CHECK(spool.payloads() == " 1");
}

TEST_CASE("a signal ends a run that stores a message again and again") {
  const Spool spool;
  Process publisher{spool.pub(1, {"t", "x", "--enqueue", "--repeat", "1000000000", "-v"})};
  REQUIRE(publisher.wait_for_err("stored 1000 messages", patience, 3));
  publisher.signal(SIGTERM);
  CHECK(publisher.wait(within(1s)).signal == SIGTERM);
}

TEST_CASE("what the broker denies for good is said and dropped, and the rest goes on") {
  const Spool spool;
  ScriptBroker broker{[](Session& session) {
    session.accept();
    for (;;) {
      const auto packet = session.read();
      if (packet.type == PacketType::publish && packet.payload() == "no") {
        session.puback(packet, 0x87);
      } else {
        session.answer(packet);
      }
    }
  }};
  for (const auto* const word : {"1", "no", "2"}) {
    check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", word})), 0);
  }
  const auto others = run(spool.pub(broker.port(), {"t", "3"}));
  check_exit(others, 0);
  CHECK_THAT(others.err,
             Contains("a message of another run was not delivered, to t: not authorized"));
  CHECK(published(broker) == " 1 no 2 3");
  const auto mine = run(spool.pub(broker.port(), {"t", "no"}));
  check_exit(mine, 5);
  CHECK_THAT(mine.err, Contains("1 message of 1 was not delivered, to t: not authorized"));
  check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", "no"})), 0);
  check_exit(run(spool.drain(broker.port())), 5);
  check_exit(run(spool.drain(broker.port())), 0);
}

TEST_CASE("whoever waits for a relay learns that the broker denied the message") {
  const Spool spool;
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.puback(session.expect(PacketType::publish), 0x87);
    session.serve();
  }};
  Process relay{spool.drain(broker.port(), {"--follow"})};
  REQUIRE(broker.wait_for(PacketType::connect));
  const auto result = run(spool.pub(broker.port(), {"t", "1"}));
  check_exit(result, 5);
  CHECK_THAT(result.err, Contains("to t: not authorized"));
}

TEST_CASE("a refusal that may pass keeps the message") {
  for (const auto& [reason, words] :
       {std::pair{0x97, "to t: quota exceeded"}, {0x91, "to t: packet identifier in use"}}) {
    const Spool spool;
    ScriptBroker broker{{[reason = reason](Session& session) {
                           session.accept();
                           session.puback(session.expect(PacketType::publish), reason);
                           session.serve();
                         },
                         serve}};
    const auto result = run(spool.pub(broker.port(), {"t", "1"}));
    check_exit(result, 75);
    CHECK_THAT(result.err, Contains(words));
    check_exit(run(spool.drain(broker.port())), 0);
  }
}

TEST_CASE("a login that is refused stays 4, and the message is kept") {
  const Spool spool;
  ScriptBroker broker{[](Session& session) {
    session.expect(PacketType::connect);
    session.connack(0x87);
    session.close();
  }};
  const auto result = run(spool.pub(broker.port(), {"t", "1"}));
  check_exit(result, 4);
  CHECK_THAT(result.err, Contains("1 message stays in the spool"));
  CHECK(spool.payloads() == " 1");
}

TEST_CASE("a message that costs the connection three times is set aside, and the others go on") {
  const Spool spool;
  Broker broker{{"max_packet_size 1000\n"}};
  Witness witness{broker, 5};
  const std::string large(2000, 'x');
  for (const auto& word : {std::string{"1"}, std::string{"2"}, large, std::string{"3"}}) {
    check_exit(run(spool.pub(broker.port(), {"t", "--enqueue", word})), 0);
  }
  const auto result = run(spool.drain(broker.port(), {"-V", "3.1.1"}));
  check_exit(result, 5);
  CHECK_THAT(result.err, Contains("to t: set aside, the connection was lost with it 3 times"));
  CHECK(spool.payloads() == " " + large);
  CHECK_THAT(run(spool.list()).out, Contains("\"set_aside\":\"to t: set aside"));
  check_exit(run(spool.pub(broker.port(), {"t", "4", "-V", "3.1.1"})), 0);
  check_exit(run(spool.drain(broker.port(), {"-V", "3.1.1"})), 0);

  // Under MQTT 5 the broker says what it takes, and nothing is tried.
  const auto told = run(spool.pub(broker.port(), {"t", large}));
  check_exit(told, 5);
  check_exit(run(spool.pub(broker.port(), {"t", "5"})), 0);
  const auto out = witness.out();
  CHECK_THAT(out, Contains("1\n") && Contains("2\n") && Contains("3\n4\n5\n") && !Contains("xx"));
}

TEST_CASE("no message is set aside for a broker that is shutting down") {
  const Spool spool;
  ScriptBroker broker{[](Session& session) {
    session.accept();
    session.expect(PacketType::publish);
    session.disconnect(0x8B);
    session.close();
  }};
  const auto result = run(spool.pub(broker.port(), {"t", "1", "--reconnect-max", "0.1"}));
  check_exit(result, 75);
  CHECK_THAT(result.err, Contains("1 message stays in the spool"));
  CHECK(published(broker) == " 1 1 1");
  CHECK_THAT(run(spool.list()).out, !Contains("set_aside"));
}

TEST_CASE("a stream goes on behind a message that is set aside") {
  const Spool spool;
  ScriptBroker broker{[](Session& session) {
    session.accept();
    for (auto packet = session.expect(PacketType::publish); packet.payload() != "poison";
         packet = session.expect(PacketType::publish)) {
      session.puback(packet);
    }
    session.close();
  }};
  Process publisher{spool.pub(broker.port(), {"t", "-l", "--reconnect-max", "0.1"}).open_input()};
  publisher.write("poison\n");
  REQUIRE(broker.wait_for(PacketType::connect, 4));
  publisher.write("good\n");
  publisher.close_input();
  const auto result = publisher.wait();
  check_exit(result, 5);
  CHECK_THAT(result.err, Contains("1 message of 2 was not delivered, to t: set aside"));
  CHECK(published(broker) == " poison poison poison good");
}

TEST_CASE("a message that has expired in the spool is not sent") {
  const Spool spool;
  ScriptBroker broker{serve};
  const auto expiring = [&](const std::string& seconds) {
    check_exit(run(spool.pub(broker.port(), {"t", seconds, "--enqueue", "-D", "publish",
                                             "message-expiry-interval", seconds})),
               0);
  };
  expiring("0");
  expiring("100");
  const auto result = run(spool.drain(broker.port()));
  check_exit(result, 0);
  CHECK_THAT(result.err, Contains("a message to t has expired in the spool"));
  CHECK(published(broker) == " 100");
  const auto properties = broker.received(PacketType::publish).at(0).properties();
  REQUIRE(properties.size() >= 5);
  CHECK(properties.substr(0, 4) == std::string{"\x02\0\0\0", 4});
  CHECK(properties[4] <= 100);
  CHECK(properties[4] > 0);
}

TEST_CASE("a spool is for one broker") {
  const Spool spool;
  const ScriptBroker one{serve};
  const ScriptBroker other{serve};
  check_exit(run(spool.pub(one.port(), {"t", "1"})), 0);
  for (const auto& command :
       {spool.pub(other.port(), {"t", "2"}), spool.drain(other.port()),
        spool.pub(one.port(), {"t", "2", "-h", "127.0.0.1:" + other.port_text()})}) {
    const auto result = run(command);
    check_exit(result, 2);
    CHECK_THAT(result.err, Contains(one.port_text()) && Contains(other.port_text()));
  }
  CHECK(other.connections() == 0);
  CHECK(spool.payloads().empty());
}

TEST_CASE("a spool that cannot be used is named, and nothing is sent") {
  const ScriptBroker broker{serve};
  Spool spool;
  const auto refused = [&](const std::string& words) {
    const auto result = run(spool.pub(broker.port(), {"t", "1"}));
    check_exit(result, 1);
    CHECK_THAT(result.err, Contains(spool.folder) && Contains(words));
    const auto drained = run(spool.drain(broker.port()));
    check_exit(drained, 1);
    CHECK_THAT(drained.err, Contains(words));
  };
  spool.directory.write("spool/spool.db", "not a database");
  refused("spool.db is not an SQLite database");
  spool.directory.write("spool/spool.db", "");
  refused("is empty");
  spool.folder = spool.directory / "none/spool";
  refused("none/spool: No such file or directory");
  spool.folder = spool.directory.write("file", "");
  refused("is not a folder");
  CHECK(broker.connections() == 0);
}

TEST_CASE("beyond the limit a spool takes nothing, and what it has is delivered") {
  const Spool spool;
  const ScriptBroker broker{serve};
  const auto limited = [&](const std::string& word) {
    return run(spool.pub(broker.port(), {"t", "--enqueue", "--spool-limit", "10", word}));
  };
  check_exit(limited("12345678"), 0);
  const auto result = limited("1");
  check_exit(result, 1);
  CHECK_THAT(result.err, Contains("--spool-limit is 10") && Contains("spool.db"));

  const auto lines = run(spool.pub(broker.port(), {"t", "-l", "--spool-limit", "12"}), "a\nb\nc\n");
  check_exit(lines, 1);
  CHECK_THAT(lines.err, Contains("--spool-limit is 12") && Contains("1 message was kept"));
  CHECK(published(broker) == " 12345678 a");
}

TEST_CASE("files that may not grow end a run with 1, and what was kept is delivered once") {
  const Spool spool;
  const ScriptBroker broker{serve};
  const auto limited = [&](std::initializer_list<std::string> words) {
    Command command{"/bin/sh", "-c", "ulimit -f 12000; exec \"$@\"", "sh"};
    command.add({MQTT_TOOLS_BIN "/mqtt-pub", "--no-config", "-h", "127.0.0.1", "-p"});
    return run(command.add({broker.port_text(), "--spool", spool.folder}).add(words));
  };
  const std::string text(100'000, 'x');
  int kept = 0;
  Result result;
  for (result = limited({"t", "--enqueue", text}); result.code == 0;
       result = limited({"t", "--enqueue", text})) {
    ++kept;
    REQUIRE(kept < 100);
  }
  check_exit(result, 1);
  CHECK_THAT(result.err, Contains("spool.db") && Contains("ulimit -f"));
  CHECK(kept > 5);
  check_exit(limited({"--drain"}), 0);
  CHECK(broker.received(PacketType::publish).size() == static_cast<std::size_t>(kept));
}

TEST_CASE("a sender that stands still is named, and the others end within their limits") {
  const Spool spool;
  Broker broker;
  Process relay{spool.drain(broker.port(), {"--follow", "-v"})};
  REQUIRE(relay.wait_for_err("connected to"));
  relay.signal(SIGSTOP);
  const auto result =
      run(spool.pub(broker.port(), {"t", "1", "--connect-timeout", "0.2", "--ack-timeout", "0.2"}));
  check_exit(result, 75);
  CHECK_THAT(result.err, Contains("process " + std::to_string(relay.pid())) &&
                             Contains("1 message stays in the spool"));
  Process waiting{spool.pub(broker.port(), {"t", "2"})};
  CHECK(waiting.wait_for_err("waiting for process " + std::to_string(relay.pid())));
  relay.signal(SIGCONT);
  check_exit(waiting.wait(), 0);
}

TEST_CASE("a waiting run sends itself once the sender is killed") {
  const Spool spool;
  Broker broker;
  Process relay{spool.drain(broker.port(), {"--follow", "-v"})};
  REQUIRE(relay.wait_for_err("connected to"));
  relay.signal(SIGSTOP);
  Process waiting{spool.pub(broker.port(), {"t", "1", "-v"})};
  REQUIRE(waiting.wait_for_err("stored 1 message"));
  relay.signal(SIGKILL);
  const auto result = waiting.wait();
  check_exit(result, 0);
  CHECK_THAT(result.err, Contains("connected to"));
}

TEST_CASE("what a stream has sent leaves the way to the spool free") {
  const Spool spool;
  Broker broker;
  auto command = spool.pub(broker.port(), {"t", "-l", "-v"});
  Process stream{command.open_input()};
  stream.write("1\n");
  REQUIRE(stream.wait_for_err("acknowledged"));
  check_exit(run(spool.pub(broker.port(), {"t", "2"})), 0);
  stream.write("3\n");
  REQUIRE(stream.wait_for_err("acknowledged", patience, 2));
  stream.close_input();
  check_exit(stream.wait(), 0);
}

TEST_CASE("SQLite is loaded with a spool only") {
  Broker broker;
  const Spool spool;
  const auto maps = [](const Command& command) {
    Command open = command;
    Process process{open.open_input()};
    process.write("1\n");
    REQUIRE(process.wait_for_err("acknowledged"));
    return read_file("/proc/" + std::to_string(process.pid()) + "/maps");
  };
  CHECK_THAT(maps(broker.pub({"t", "-l", "-v"})), !Contains("sqlite"));
  CHECK_THAT(maps(spool.pub(broker.port(), {"t", "-l", "-v"})), Contains("sqlite"));
}

TEST_CASE("a spool in a configuration file serves the runs that it suits") {
  const Spool spool;
  const ScriptBroker broker{serve};
  const auto file = spool.directory.write("config.toml", "spool = \"" + spool.folder + "\"\n");
  const auto command = [&](std::initializer_list<std::string> words) {
    return Command{MQTT_TOOLS_BIN "/mqtt-pub", "-L", broker.url(), "--config", file, "--raw"}.add(
        words);
  };
  check_exit(run(command({"t", "1", "--enqueue"})), 0);
  CHECK(spool.payloads() == " 1");
  check_exit(run(command({"t", "2"})), 0);
  CHECK(published(broker) == " 1 2");
}

TEST_CASE(
    "what a wrapped command did is kept without a broker, and sent in order when one is there") {
  const Spool spool;
  Broker broker;
  broker.stop();
  const auto wrapped = [&](const std::string& line) {
    return run(spool.pub(broker.port(), {"t", "--wrap", "--", "sh", "-c", line}));
  };
  const auto fine = wrapped("echo done");
  check_exit(fine, 75);
  CHECK(fine.out == "done\n");
  CHECK_THAT(fine.err, Contains("2 messages stay in the spool " + spool.folder));
  check_exit(wrapped("exit 3"), 3);
  check_exit(run(spool.pub(broker.port(), {"t", "--wrap", "--", "/no/such"})), 127);

  broker.start();
  Witness witness{broker, 7};
  const auto delivered = wrapped("true");
  check_exit(delivered, 0);
  CHECK(delivered.err.empty());
  std::istringstream lines{witness.out()};
  std::string order;
  for (std::string line; std::getline(lines, line);) {
    order += line.substr(8, line.find('"', 8) - 8) + " ";
  }
  CHECK(order == "started succeeded started failed failed started succeeded ");
  CHECK(spool.payloads().empty());
}

TEST_CASE("a spool that is of no use keeps no command from running, another broker does") {
  const Spool spool;
  Broker broker;
  const TemporaryDirectory directory;
  const auto file = directory.write("file", "");
  auto command = pub(broker.port(), {"jobs/x", "--spool", file, "--wrap", "--", "echo", "done"});
  const auto useless = run(command);
  check_exit(useless, 1);
  CHECK(useless.out == "done\n");
  CHECK_THAT(useless.err, Contains(file));

  check_exit(run(spool.pub(1, {"t", "--enqueue", "1"})), 0);
  const auto other =
      run(spool.pub(broker.port(), {"jobs/x", "--wrap", "--", "touch", directory / "made"}));
  check_exit(other, 2);
  CHECK(directory.names() == std::vector<std::string>{"file"});
  check_exit(run(spool.pub(broker.port(), {"jobs/x", "--enqueue", "--wrap", "--", "true"})), 2);
}

TEST_CASE("what a wrapped command did is kept also where nobody can send it") {
  const Spool spool;
  std::filesystem::create_directories(spool.folder + "/sender.lock");
  const auto result = run(spool.pub(1, {"t", "--wrap", "--", "echo", "done"}));
  check_exit(result, 1);
  CHECK(result.out == "done\n");
  CHECK_THAT(result.err, Contains("sender.lock"));
  const auto kept = run(spool.list());
  CHECK_THAT(kept.out, Contains("started") && Contains("succeeded"));
}

TEST_CASE("a wrapped command is missed by the will also with a spool") {
  const Spool spool;
  Broker broker;
  Process witness{Command{"mosquitto_sub", "-p", broker.port_text(), "-t", "t"}};
  REQUIRE(broker.wait_for_subscription("t"));
  Process process{spool.pub(broker.port(), {"t", "--wrap", "--", "sleep", "30"})};
  REQUIRE(witness.wait_for_out("started"));
  process.signal(SIGKILL);
  CHECK(witness.wait_for_out(R"({"msg":"lost","command":"sleep"})"));
  process.signal_group(SIGTERM);
}
