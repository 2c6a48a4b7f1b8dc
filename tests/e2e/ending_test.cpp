// SPDX-License-Identifier: MIT
//
// What was acknowledged is shown, whole lines only, however a run ends; or its number is said.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"
#include "support/system.hpp"

#include <signal.h>
#include <unistd.h>
#include <algorithm>
#include <array>

using namespace mqtt_tools::support;

namespace {

constexpr int queued = 1000;

/// 200 bytes each: together more than a pipe and our own buffer hold.
std::string line(int number) {
  auto text = std::to_string(number) + " ";
  text.resize(199, 'x');
  return text + "\n";
}

/// A broker that has so many messages with QoS 1 for the client "connection", and tells of each
/// packet.
class QueueingBroker : public Broker {
 public:
  /// `padding`: what each line has more than line() gives it.
  explicit QueueingBroker(std::size_t padding = 0)
      : Broker({.lines = "log_type debug\nmax_inflight_messages 0\n"}) {
    check_exit(run(sub({"t", "-c", "-i", "connection", "-E"})), 0);
    std::string lines;
    for (int i = 0; i < queued; ++i) lines += std::string(padding, 'x') + line(i);
    check_exit(run(pub({"t", "--raw", "-l", "-q", "1"}), lines), 0);
  }

  Command connection(std::initializer_list<std::string> words) const {
    return sub({"t", "-c", "-i", "connection"}).add(words);
  }

  bool all_acknowledged() { return wait_for_log("PUBACK from connection", patience, queued); }
  bool left() { return wait_for_log("DISCONNECT from connection", patience, 2); }
};

std::string read_to_end(Pipe& pipe) {
  std::string text;
  std::array<char, 65536> piece;
  for (ssize_t size = 0; (size = read(pipe.read.get(), piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

/// How many of the lines, from the first on and without a gap, `text` consists of; -1 if of
/// anything else.
int whole_lines(const std::string& text) {
  std::string expected;
  int count = 0;
  while (expected.size() < text.size()) expected += line(count++);
  return expected == text ? count : -1;
}

std::string missing(int count) {
  return std::to_string(count) + " messages that were acknowledged were not written";
}

/// A subscriber whose reader has not begun to read when all is acknowledged.
struct Unread {
  explicit Unread(QueueingBroker& broker, std::initializer_list<std::string> words = {})
      : process(broker.connection(words).output_to(pipe.write.get())) {
    pipe.write.close();
    REQUIRE(broker.all_acknowledged());
    REQUIRE(process.running());
  }

  Pipe pipe = make_pipe();
  Process process;
};

void check_told(const Result& result, const std::string& out) {
  const int shown = whole_lines(out);
  INFO(result.err);
  CHECK(shown > 0);
  CHECK(shown < queued);
  CHECK(result.err.find(missing(queued - shown)) != std::string::npos);
}

}  // namespace

TEST_CASE(
    "when the connection is lost, a reader that begins in time gets all that was acknowledged") {
  QueueingBroker broker;
  Unread unread{broker, {"--no-reconnect"}};
  broker.kill();
  CHECK(whole_lines(read_to_end(unread.pipe)) == queued);
  const auto result = unread.process.wait();
  check_exit(result, 6);
  CHECK(result.err.find("were not written") == std::string::npos);
}

TEST_CASE(
    "when the connection is lost and nobody reads, whole lines are left and the rest is told") {
  QueueingBroker broker;
  Unread unread{broker, {"--no-reconnect"}};
  broker.kill();
  const auto result = unread.process.wait();
  check_exit(result, 6);
  check_told(result, read_to_end(unread.pipe));
}

TEST_CASE("when the time is up, a reader may take as long as it likes") {
  QueueingBroker broker;
  Unread unread{broker, {"-W", "2"}};
  REQUIRE(broker.left());
  CHECK(unread.process.running());
  CHECK(whole_lines(read_to_end(unread.pipe)) == queued);
  const auto result = unread.process.wait();
  check_exit(result, 27);
  CHECK(result.err.find("were not written") == std::string::npos);
}

TEST_CASE(
    "a signal ends a run that waits for its reader after the end, and what is missing is told") {
  QueueingBroker broker;
  Unread unread{broker, {"--duration", "2"}};
  REQUIRE(broker.left());
  unread.process.signal(SIGINT);
  const auto result = unread.process.wait(within(1s));
  check_exit(result, 130);
  check_told(result, read_to_end(unread.pipe));
}

TEST_CASE("after a signal, a reader that begins in time gets all that was acknowledged") {
  QueueingBroker broker;
  Unread unread{broker};
  unread.process.signal(SIGTERM);
  CHECK(whole_lines(read_to_end(unread.pipe)) == queued);
  const auto result = unread.process.wait();
  check_exit(result, 143);
  CHECK(result.err.empty());
  CHECK(broker.left());
}

TEST_CASE(
    "after a signal, nobody reads, whole lines are left and the rest is told within a second") {
  QueueingBroker broker;
  Unread unread{broker, {"--quiet"}};
  unread.process.signal(SIGTERM);
  const auto result = unread.process.wait(within(1s));
  check_exit(result, 143);
  check_told(result, read_to_end(unread.pipe));
  CHECK(broker.left());
}

TEST_CASE("when enough has come, a reader gets all of it however late it begins") {
  QueueingBroker broker;
  Unread unread{broker, {"-C", "1000"}};
  CHECK(whole_lines(read_to_end(unread.pipe)) == queued);
  check_exit(unread.process.wait(), 0);
}

TEST_CASE("a reader that leaves is told of what it did not take, with --quiet, too") {
  QueueingBroker broker;
  Unread unread{broker, {"--quiet"}};
  unread.pipe.read.close();
  const auto result = unread.process.wait();
  check_exit(result, 0);
  CHECK(result.err.find("messages that were acknowledged were not written") != std::string::npos);
}

TEST_CASE("a violation by the broker ends a run after what was acknowledged before it") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    for (int i = 0; i < 100; ++i) session.publish("t", line(i).substr(0, 199), 1, i + 1);
    for (int i = 0; i < 100; ++i) session.expect(PacketType::puback);
    session.publish("t/\xff", "x", 1, 200);
    session.serve();
  }};
  const auto result = run(sub(broker.port(), {"t"}));
  check_exit(result, 6);
  CHECK(whole_lines(result.out) == 100);
}

TEST_CASE("what comes while a run takes leave is shown or not acknowledged") {
  // The broker goes on until the connection ends.
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    for (int id = 1;; id += 50) {
      for (int i = 0; i < 50; ++i) session.publish("t", std::to_string(id + i), 1, id + i);
      for (int i = 0; i < 50; ++i) session.read();
    }
  }};
  Process process{sub(broker.port(), {"t"})};
  REQUIRE(process.wait_for_out("\n100\n"));
  process.signal(SIGINT);
  const auto result = process.wait();
  check_exit(result, 130);
  REQUIRE(broker.wait_for_end());
  const auto shown = std::count(result.out.begin(), result.out.end(), '\n');
  const auto acknowledged = broker.received(PacketType::puback).size();
  CHECK(acknowledged >= 100);
  CHECK(acknowledged <= static_cast<std::size_t>(shown));
  CHECK(result.out.ends_with("\n"));
  CHECK(result.err.empty());
}

namespace {

/// Grants the first of two subscriptions, sends the messages "1", "2", … of which the first is
/// acknowledged before the second subscription gets this answer.
ScriptBroker::Script late_answer(int qos, int messages, int answer) {
  return [=](Session& session) {
    session.accept_subscription();
    const auto second = session.expect(PacketType::subscribe);
    for (int i = 1; i <= messages; ++i) session.publish("t", std::to_string(i), qos, i);
    if (qos > 0) session.expect(PacketType::puback);
    session.suback(second, {answer});
    session.serve();
  };
}

}  // namespace

TEST_CASE("enough messages are no success while a subscription may still be denied") {
  for (const auto& end : std::vector<std::vector<std::string>>{{"-C", "1"}, {"--expect", "1"}}) {
    for (const int qos : {0, 1}) {
      CAPTURE(end.front(), qos);
      ScriptBroker denying{late_answer(qos, 1, 0x87)};
      const auto denied = run(sub(denying.port(), {"t", "u"}).add(end));
      check_exit(denied, 5);
      CHECK(denied.out == "1\n");
      ScriptBroker granting{late_answer(qos, 1, 1)};
      check_exit(run(sub(granting.port(), {"t", "u"}).add(end)), 0);
      CHECK(granting.wait_for(PacketType::disconnect));
    }
  }
}

TEST_CASE("messages beyond --count do not hide the answer to a subscription") {
  for (const auto* version : {"5", "3.1.1"}) {
    CAPTURE(version);
    for (const int qos : {0, 1}) {
      CAPTURE(qos);
      ScriptBroker denying{late_answer(qos, 5, version[0] == '5' ? 0x87 : 0x80)};
      const auto denied = run(sub(denying.port(), {"t", "u", "-C", "1", "-V", version}));
      check_exit(denied, 5);
      CHECK(denied.out == "1\n");
    }
    // A session that is kept must not lose the second one.
    ScriptBroker kept{late_answer(1, 2, 1)};
    const auto result =
        run(sub(kept.port(), {"t", "u", "-C", "1", "-c", "-i", "me", "-V", version}));
    check_exit_within(result, 0, 2s);
    CHECK(result.out == "1\n");
    REQUIRE(kept.wait_for_end());
    CHECK(kept.received(PacketType::puback).size() == 1);
  }
}

TEST_CASE("an answer to a subscription is awaited for so long, whatever has come") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.publish("t", "1", 1, 1);
    session.stay_silent();
  }};
  const auto result = run(sub(broker.port(), {"t", "u", "-C", "1", "--connect-timeout", "1"}));
  check_exit_within(result, 3, 3s);
  CHECK(result.out == "1\n");
}

TEST_CASE("the answer to a subscription is not missed behind what a late reader leaves") {
  // More than waits anywhere between the broker and the reader.
  QueueingBroker broker{20'000};
  auto pipe = make_pipe();
  Process process{broker.connection({"-C", std::to_string(queued), "--connect-timeout", "1"})
                      .output_to(pipe.write.get())};
  pipe.write.close();
  REQUIRE(broker.wait_for_log("PUBACK from connection"));
  check_exit(run(broker.sub({"other", "-W", "2"})), 27);  // So much time passes.
  CHECK(process.running());
  CHECK(read_to_end(pipe).size() == std::size_t{queued} * 20'200);
  check_exit(process.wait(), 0);
}

namespace {

/// Sends the messages "1" to "5" with QoS 1.
void five(Session& session) {
  session.accept_subscription();
  for (int i = 1; i <= 5; ++i) session.publish("t", std::to_string(i), 1, i);
  session.serve();
}

}  // namespace

TEST_CASE("messages that were acknowledged before the time was up are handed to the command") {
  const TemporaryDirectory directory;
  const auto file = directory / "handed";
  ScriptBroker broker{five};
  const auto command = "sleep 0.3; cat >>" + file + "; echo >>" + file;
  check_exit(run(sub(broker.port(), {"t", "-W", "1", "--exec", command})), 27);
  CHECK(read_file(file) == "1\n2\n3\n4\n5\n");
}

TEST_CASE("messages that a signal keeps from the command are told") {
  ScriptBroker broker{five};
  Process process{
      sub(broker.port(), {"t", "--exec", "echo begun >&2; while true; do sleep 1; done"})};
  REQUIRE(process.wait_for_err("begun"));
  REQUIRE(broker.wait_for(PacketType::puback, 5));
  process.signal(SIGTERM);
  const auto result = process.wait(within(1s));
  check_exit(result, 143);
  CHECK(result.err.find("4 messages that were acknowledged were not handed to the command") !=
        std::string::npos);
}

TEST_CASE("a connection that ends with the last message that was wanted is no loss") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    // One that is acknowledged once it was shown, which is after the run has looked at SUBACK.
    session.publish("t", std::string(1 << 20, 'x'), 1, 1);
    session.expect(PacketType::puback);
    for (int i = 2; i <= 20; ++i) session.publish("t", std::to_string(i));
    session.close();
  }};
  for (const std::string exec : {"", "sleep 0.2; wc -c"}) {
    for (int i = 0; i < 5; ++i) {
      auto command = sub(broker.port(), {"t", "-C", "20", "--no-reconnect"});
      if (!exec.empty()) command.add({"--jobs", "20", "--exec", exec});
      const auto result = run(command);
      check_exit(result, 0);
      CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 20);
    }
  }
}

namespace {

/// The first SUBSCRIBE is granted, and "1" comes, in one piece with what the broker says last.
ScriptBroker::Script grant_and_leave(const std::string& last = {}) {
  return [last](Session& session) {
    session.accept();
    const auto id = encode_number(session.expect(PacketType::subscribe).id());
    session.send(encode_packet(PacketType::suback, 0, id + bytes_of({0, 1})) +
                 encode_packet(PacketType::publish, 0, encode_text("t") + bytes_of({0}) + "1") +
                 last);
    session.close();
  };
}

}  // namespace

TEST_CASE("what came right before a loss decides how a run ends") {
  struct Case {
    std::vector<std::string> words;
    int code;
  };
  const auto last = GENERATE(as<std::string>{}, "", "\xe0\x01\x8b", "\xff\x01");
  ScriptBroker broker{grant_and_leave(last)};
  for (const auto& [words, code] : std::vector<Case>{{{"-C", "1"}, 0},
                                                     {{"--expect", "1"}, 0},
                                                     {{"-E"}, 0},
                                                     {{"--forbid", "1"}, 1},
                                                     {{"-C", "1", "--stats"}, 0},
                                                     {{"-C", "1", "--exec", "cat"}, 0},
                                                     {{"--expect", "2"}, 6},
                                                     {{"-C", "2"}, 6}}) {
    CAPTURE(words);
    for (int i = 0; i < 5; ++i) {  // The run may look at SUBACK before or after the loss.
      const auto result = run(sub(broker.port(), {"t", "--no-reconnect"}).add(words));
      check_exit(result, code);
      if (words[0] != "-E") CHECK(result.out.find('1') != std::string::npos);
    }
  }
}

TEST_CASE("a run that has what it wants does not wait for a broker that is gone") {
  for (int i = 0; i < 5; ++i) {
    ScriptBroker broker{{grant_and_leave(), [](Session& session) { session.stay_silent(); }}};
    check_exit_within(run(sub(broker.port(), {"t", "-C", "1"})), 0, 2s);
  }
}

TEST_CASE("what is retained has come when the answer that tells so comes with a loss") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.publish("t", "1");
    for (int i = 0; i < 2; ++i) session.answer(session.expect(PacketType::unsubscribe));
  }};
  for (int i = 0; i < 5; ++i) {
    check_exit(run(sub(broker.port(), {"t", "--last", "--no-reconnect"})), 0);
  }
}

TEST_CASE("a publisher that has all its answers does not mind a loss") {
  const TemporaryDirectory directory;
  ScriptBroker plain{[](Session& session) {
    session.accept();
    session.puback(session.expect(PacketType::publish));
  }};
  ScriptBroker both{[](Session& session) {
    session.accept();
    for (int i = 0; i < 2; ++i) session.puback(session.expect(PacketType::publish));
  }};
  ScriptBroker answering{[](Session& session) {
    const auto topic = session.accept_subscription().filter();
    const auto asked = session.expect(PacketType::publish);
    session.send(encode_packet(PacketType::puback, 0, encode_number(asked.id())) +
                 encode_packet(PacketType::publish, 0,
                               encode_text(topic) + bytes_of({0}) + asked.payload()));
  }};
  for (int i = 0; i < 10; ++i) {
    check_exit(run(pub(plain.port(), {"t", "1", "--no-reconnect"})), 0);
    check_exit(run(pub(plain.port(), {"t", "1", "--no-reconnect", "--spool", directory / "s"})), 0);
    const auto asked = run(pub(answering.port(), {"t", "1", "--raw", "--request",
                                                  "--response-topic", "r", "--no-reconnect"}));
    check_exit(asked, 0);
    CHECK(asked.out == "1\n");
    check_exit(run(pub(answering.port(), {"t", "--verify", "--no-reconnect"})), 0);
    check_exit(run(pub(both.port(), {"t", "--no-reconnect", "--wrap", "--", "true"})), 0);
  }
}

TEST_CASE("an answer that is taken late is an answer, though the connection is lost meanwhile") {
  ScriptBroker broker{[](Session& session) {
    const auto topic = session.accept_subscription().filter();
    session.puback(session.expect(PacketType::publish));
    session.publish(topic, std::string(1 << 20, 'x'));
  }};
  for (int i = 0; i < 5; ++i) {
    auto pipe = make_pipe();
    Process process{
        pub(broker.port(), {"t", "1", "--request", "--response-topic", "r", "--no-reconnect"})
            .output_to(pipe.write.get())};
    pipe.write.close();
    REQUIRE(broker.wait_for_end(i + 1));
    CHECK(read_to_end(pipe).size() == (1 << 20) + 1);
    check_exit(process.wait(), 0);
  }
}
