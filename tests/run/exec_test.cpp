// SPDX-License-Identifier: MIT
#include "run/exec.hpp"

#include "run/forked.hpp"

#include "catch.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cstdlib>
#include <string>
#include <vector>

namespace mqtt_tools::run {
namespace {

ExecOptions running(const std::string& command, int jobs = 1, bool reply = false) {
  ExecOptions options;
  options.command = command;
  options.jobs = jobs;
  options.reply = reply;
  return options;
}

Message message(const std::string& payload, const std::string& topic = "top") {
  Message made;
  made.topic = topic;
  made.payload = payload;
  return made;
}

/// Waits until one more command may be started.
void until_free(Exec& exec) {
  Poller poller;
  while (!exec.can_start()) {
    exec.add_to(poller);
    poller.wait();
    exec.advance();
  }
}

void until_done(Exec& exec) {
  Poller poller;
  while (exec.busy()) {
    exec.add_to(poller);
    poller.wait();
    exec.advance();
  }
}

/// What a process tells that handles these messages; its code is the number of failures.
Told handled(const ExecOptions& options, const std::vector<Message>& messages) {
  return forked([&] {
    Exec exec{options};
    for (const auto& one : messages) {
      until_free(exec);
      exec.start(one);
    }
    until_done(exec);
    ::_exit(static_cast<int>(exec.failures()));
  });
}

/// The replies to these messages.
std::vector<Message> replies(const std::string& command, const std::vector<Message>& messages) {
  Exec exec{running(command, 4, true)};
  for (const auto& one : messages) {
    until_free(exec);
    exec.start(one);
  }
  until_done(exec);
  return exec.replies();
}

TEST_CASE("each message is on the stdin of its command, one after another") {
  const Told told = handled(running("cat; echo"), {message("one"), message("two"), message("")});
  CHECK(told.out == "one\ntwo\n\n");
  CHECK(told.error.empty());
  CHECK(told.code == 0);
}

TEST_CASE("a command finds what there is to know about its message") {
  Message full = message("12345", "a/b");
  full.qos = Qos::at_least_once;
  full.retained = true;
  full.id = 7;
  full.time = Timestamp{};
  full.properties.content_type = "text/plain";
  full.properties.response_topic = "answer";
  full.properties.correlation_data = std::string{"\x00\xff", 2};
  ::setenv("MQTT_MID", "outer", 1);
  const std::string all =
      "echo $MQTT_TOPIC $MQTT_QOS $MQTT_RETAIN $MQTT_PAYLOADLEN ${MQTT_MID-none} $MQTT_TIME "
      "${MQTT_CONTENT_TYPE-none} ${MQTT_RESPONSE_TOPIC-none} "
      "${MQTT_CORRELATION_DATA_BASE64-none}";
  CHECK(handled(running(all), {full}).out ==
        "a/b 1 1 5 7 1970-01-01T00:00:00.000000Z text/plain answer AP8=\n");
  CHECK(handled(running(all), {message("")}).out ==
        "top 0 0 0 none 1970-01-01T00:00:00.000000Z none none none\n");
  ::unsetenv("MQTT_MID");
}

TEST_CASE("nothing of a message is read as shell words") {
  const std::string hostile = "$(echo bad) `echo bad`; echo bad \" ' \\";
  const Told told = handled(running("printf %s \"$MQTT_TOPIC\""), {message(hostile, hostile)});
  CHECK(told.out == hostile);
}

TEST_CASE("a large payload that is not read holds nothing up") {
  const std::string large(10'000'000, 'x');
  CHECK(handled(running("exit 0"), {message(large)}).code == 0);
  CHECK(handled(running("wc -c"), {message(large)}).out == "10000000\n");
}

TEST_CASE("a failure is said, counted and stops nothing") {
  const Told told = handled(running("read word; echo $word; exit $word"),
                            {message("3\n"), message("0\n", "b"), message("4\n", "c")});
  CHECK(told.out == "3\n0\n4\n");
  CHECK(told.error ==
        "mqtt-tools: --exec command ended with 3 (message on top)\n"
        "mqtt-tools: --exec command ended with 4 (message on c)\n");
  CHECK(told.code == 2);
}

TEST_CASE("no more commands run at once than were allowed") {
  const Told told = forked([] {
    Exec exec{running("cat >/dev/null; exec sleep 30", 2)};
    const auto state = [&] {
      return std::string{exec.busy() ? "busy " : "idle "} + (exec.can_start() ? "free" : "full");
    };
    std::string states = state();
    exec.start(message("one"));
    states += ", " + state();
    exec.start(message("two"));
    exec.advance();
    states += ", " + state();
    exec.stop();
    until_done(exec);
    states += ", " + state();
    ::_exit(::write(STDOUT_FILENO, states.data(), states.size()) > 0 && exec.failures() == 0 ? 0
                                                                                             : 1);
  });
  CHECK(told.out == "idle free, busy free, busy full, idle free");
  CHECK(told.error.empty());
  CHECK(told.code == 0);
}

TEST_CASE("what a command writes is the reply to where the message asked for it") {
  Message question = message("hello");
  question.qos = Qos::at_least_once;
  question.properties.response_topic = "answer";
  question.properties.correlation_data = "42";
  const auto answers = replies("cat; printf ' too'", {question});
  REQUIRE(answers.size() == 1);
  Message expected;
  expected.topic = "answer";
  expected.payload = "hello too";
  expected.qos = Qos::at_least_once;
  expected.properties.correlation_data = "42";
  CHECK(answers[0] == expected);
}

TEST_CASE("a reply larger than a pipe comes whole") {
  Message question = message(std::string(3'000'000, 'x'));
  question.properties.response_topic = "answer";
  const auto answers = replies("cat", {question, question});
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].payload == question.payload);
  CHECK(answers[1].payload == question.payload);
}

TEST_CASE("a reply does not wait for what its command left running") {
  Message question = message("");
  question.properties.response_topic = "answer";
  const auto answers = replies("sleep 30 & echo $!", {question});
  REQUIRE(answers.size() == 1);
  const int left = std::stoi(answers[0].payload);
  CHECK(::kill(left, SIGTERM) == 0);
}

TEST_CASE("there is no reply where none was asked for, to no good topic, or after a failure") {
  Message wildcard = message("0");
  wildcard.properties.response_topic = "a/#";
  Message failing = message("1");
  failing.properties.response_topic = "answer";
  const Told told = forked([&] {
    const auto answers =
        replies("read status; exit $status", {message("0"), wildcard, message("0"), failing});
    ::_exit(static_cast<int>(answers.size()));
  });
  CHECK(told.code == 0);
  CHECK(told.error ==
        "mqtt-tools: a message on top names no response topic: no reply to such messages\n"
        "mqtt-tools: --exec command ended with 1 (message on top)\n");
}

TEST_CASE("a command that cannot be started is a failure and not the end") {
  const Told told = forked([] {
    Exec exec{running("true")};
    Message large = message("");
    large.properties.content_type = std::string(1'000'000, 'x');  // No environment holds it.
    exec.start(large);
    ::_exit(exec.failures() == 1 && exec.can_start() ? 0 : 1);
  });
  CHECK(told.code == 0);
  CHECK(told.error.find("cannot start a command") != std::string::npos);
}

#if !defined(__SANITIZE_ADDRESS__)  // Theirs looks at memory through a pipe, which finds no room.

TEST_CASE("a command for which there are no descriptors waits until one beside it has ended") {
  const auto leave = [](int free) {
    const int next = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    ::close(next);
    const auto most = static_cast<rlim_t>(next + free);
    const rlimit few{most, most};
    return ::setrlimit(RLIMIT_NOFILE, &few) == 0;
  };
  for (int free = 2; free < 6; ++free) {
    CAPTURE(free);
    const Told told = forked([&] {
      Exec exec{running("cat", 8)};
      if (!leave(free)) ::_exit(99);
      for (const char* const payload : {"1", "1", "1", "1", "1", "1"}) {
        until_free(exec);
        exec.start(message(payload));
      }
      until_done(exec);
      ::_exit(static_cast<int>(exec.failures()));
    });
    CHECK(told.error.empty());
    CHECK(told.out == "111111");
    CHECK(told.code == 0);
  }
}

#endif

TEST_CASE("a message whose command waits to be started is named when the run ends") {
  const Told told = forked([] {
    Exec exec{running("exec sleep 30", 8)};
    exec.start(message("", "one"));
    Message large = message("", "two");
    large.properties.content_type = std::string(1'000'000, 'x');  // No environment holds it.
    exec.start(large);
    if (exec.can_start() || exec.failures() > 0) ::_exit(99);
    exec.stop();
    until_done(exec);
    ::_exit(static_cast<int>(exec.failures()));
  });
  CHECK(told.error.find("no room for one more --exec command (message on two)") !=
        std::string::npos);
  CHECK(told.code == 1);  // The other one was ended, which is no failure.
}

}  // namespace
}  // namespace mqtt_tools::run
