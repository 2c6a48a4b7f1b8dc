// SPDX-License-Identifier: MIT
//
// stdout is a pipe whose reader goes, a full disk, closed, slow, or a terminal.

#include "catch.hpp"
#include "support/programs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace mqtt_tools::support;

namespace {

/// A publisher that floods "t" with lines of 10 kB until it is killed.
Command flood(const Broker& broker) {
  return Command::shell(
      "yes $(head -c 10000 /dev/zero | tr '\\0' x) | "
      "/usr/bin/mosquitto_pub -h 127.0.0.1 -p " +
      broker.port_text() + " -t t -q 1 -l");
}

}  // namespace

TEST_CASE("a reader that takes one line ends the run with 0") {
  Broker broker;
  check_exit(run(broker.pub({"t", "kept", "--raw", "-r"})), 0);
  check_exit(run(broker.pub({"u", "kept", "--raw", "-r"})), 0);
  // Of the two, dash knows no pipefail.
  const auto result =
      run({"bash", "-c",
           "set -o pipefail; mqtt-sub -h 127.0.0.1 -p " + broker.port_text() + " t u | head -1"},
          within(2s));
  check_exit(result, 0);
  CHECK(result.out == "kept\n");
}

TEST_CASE("a reader that leaves a silent topic ends the run within a second") {
  Broker broker;
  auto pipe = make_pipe();
  Process process{broker.sub({"t"}).output_to(pipe.write.get())};
  pipe.write.close();
  REQUIRE(broker.wait_for_subscription("t"));
  CHECK(process.running());
  pipe.read.close();
  const auto result = process.wait(within(1s));
  check_exit(result, 0);
  CHECK(result.err.empty());

  check_exit_within(
      run(Command::shell("mqtt-sub -h 127.0.0.1 -p " + broker.port_text() + " t | true")), 0, 1s);
}

TEST_CASE("a reader that leaves while an expectation is unmet ends the run with 1") {
  Broker broker;
  auto pipe = make_pipe();
  Process process{broker.sub({"t", "--expect", "1"}).output_to(pipe.write.get())};
  pipe.write.close();
  REQUIRE(broker.wait_for_subscription("t"));
  pipe.read.close();
  check_exit(process.wait(within(1s)), 1);
}

TEST_CASE("a full disk is a failure with its reason") {
  Broker broker;
  const Descriptor full{open("/dev/full", O_WRONLY | O_CLOEXEC)};
  check_exit(run(broker.pub({"t", "kept", "-r"})), 0);
  const auto result = run(broker.sub({"t"}).output_to(full.get()));
  check_exit_within(result, 1, 1s);
  CHECK(result.err.find("No space left") != std::string::npos);
  CHECK(run(Command{"mqtt-sub", "--help"}.output_to(full.get())).code == 1);
}

TEST_CASE("help of any length is written, or it is told why not") {
  for (const auto& words : {std::vector<std::string>{"--help"},
                            {"--help=all"},
                            {"--completion", "zsh"},
                            {"--print-config", "t", "m"}}) {
    CAPTURE(words);
    const Descriptor full{open("/dev/full", O_WRONLY | O_CLOEXEC)};
    const auto result = run(Command{"mqtt-pub"}.add(words).output_to(full.get()));
    check_exit(result, 1);
    CHECK(result.err.find("No space left") != std::string::npos);

    auto pipe = make_pipe();
    pipe.read.close();
    const auto unread = run(Command{"mqtt-pub"}.add(words).output_to(pipe.write.get()));
    check_exit(unread, 0);
    CHECK(unread.err.empty());
  }
}

TEST_CASE(
    "a file that may not grow is a failure with its reason, whatever is to be written to it") {
  Broker broker;
  const TemporaryDirectory directory;
  check_exit(run(broker.pub({"t", "kept", "-r"})), 0);
  for (const auto& words : {std::string{"-C 1 >out"},
                            {"-C 1 --ready-file ready"},
                            {"-C 1 --exec cat"},
                            {"--stats -C 1 >out"}}) {
    CAPTURE(words);
    const auto result = run(Command::shell("ulimit -f 0; exec mqtt-sub -h 127.0.0.1 -p " +
                                           broker.port_text() + " t " + words)
                                .directory(directory.path()));
    check_exit(result, 1);
    CHECK(result.err.find("File too large") != std::string::npos);
    CHECK(directory.names().size() <= 1);
  }
}

TEST_CASE("a closed stdout is no place for the connection's bytes") {
  Broker broker;
  check_exit(run(broker.pub({"t", "kept", "-r"}).closed_output()), 0);
  const auto result = run(broker.sub({"t", "-C", "1", "-W", "2"}).closed_output());
  INFO(result.err);
  CHECK(result.ended);
  CHECK((result.code == 0 || result.code == 1));
  CHECK(broker.log().find("malformed") == std::string::npos);
  CHECK(broker.log().find("protocol error") == std::string::npos);
}

TEST_CASE("each message is flushed when no other is at hand") {
  Broker broker;
  Process process{broker.sub({"t"})};
  REQUIRE(broker.wait_for_subscription("t"));
  Process publisher{
      broker.command("/usr/bin/mosquitto_pub", {"-t", "t", "-l", "-q", "0"}).open_input()};
  publisher.write("warm up\n");
  REQUIRE(process.wait_for_out("warm up\n"));
  int prompt = 0;  // The others a busy machine may have kept.
  for (int i = 0; i < 20; ++i) {
    const auto line = "message " + std::to_string(i) + "\n";
    const auto before = std::chrono::steady_clock::now();
    publisher.write(line);
    REQUIRE(process.wait_for_out(line));
    prompt += std::chrono::steady_clock::now() - before <= within(100ms) ? 1 : 0;
  }
  CHECK(prompt >= 10);
}

TEST_CASE("giants that go into a file do not wait for one another") {
  Broker broker;
  const Descriptor file{memfd_create("out", MFD_CLOEXEC)};
  // While one waits for room nothing but the keep alive lets it past, and that is long.
  Process process{broker.sub({"t", "-C", "3", "-k", "3600"}).output_to(file.get())};
  REQUIRE(broker.wait_for_subscription("t"));
  const std::string giant(5'000'000, 'x');
  for (int i = 0; i < 3; ++i) {
    check_exit(run(broker.command("/usr/bin/mosquitto_pub", {"-t", "t", "-s"}).input(giant)), 0);
  }
  check_exit(process.wait(), 0);
  CHECK(lseek(file.get(), 0, SEEK_END) == 3 * (5'000'000 + 1));
}

TEST_CASE("a slow reader slows the broker down, and memory stays flat") {
  Broker broker;
  auto pipe = make_pipe();
  Process process{broker.sub({"t"}).output_to(pipe.write.get())};
  pipe.write.close();
  REQUIRE(broker.wait_for_subscription("t"));
  Process flooding{flood(broker)};

  // One line, so that the flood is known to have come; then none.
  char byte = 0;
  REQUIRE(read(pipe.read.get(), &byte, 1) == 1);
  const auto before = process.resident();
  const auto broker_before = broker.resident();
  // What we do not take, the broker keeps: it grows, and we do not.
  REQUIRE(eventually(patience, [&] { return broker.resident() > broker_before + 4 * 1024; }));
  CHECK(process.running());
  CHECK(process.resident() - before < slowness * 16 * 1024);

  SECTION("SIGINT ends the run though the reader is slow") {
    process.signal(SIGINT);
    check_exit(process.wait(within(1s)), 130);
  }
  SECTION("a reader that leaves ends the run") {
    pipe.read.close();
    check_exit(process.wait(within(1s)), 0);
  }
}

TEST_CASE("at a terminal a run that waits says for what, and a long one how many messages came") {
  Broker broker;
  Process process{broker.sub({"t/#", "u", "--color", "never"}).terminal_output().terminal_errors()};
  CHECK(process.wait_for_out("mqtt-sub: connected to 127.0.0.1:" + std::to_string(broker.port()) +
                             ", subscribed to t/#, u; Ctrl-C ends"));
  check_exit(run(broker.pub({"t/1", "hi", "--raw"})), 0);
  CHECK(process.wait_for_out("  t/1  hi"));
  process.signal(SIGINT);
  check_exit(process.wait(), 130);

  // A message that was asked for, and came at once, says enough.
  check_exit(run(broker.pub({"t/1", "kept", "--raw", "-r"})), 0);
  const auto shown =
      run(broker.sub({"t/1", "-C", "1", "--color", "never"}).terminal_output().terminal_errors());
  check_exit(shown, 0);
  CHECK(shown.out.ends_with("  t/1  [retained]  kept\n"));
  CHECK(std::count(shown.out.begin(), shown.out.end(), '\n') == 1);

  const auto closing =
      run(broker.sub({"t/1", "--duration", "1"}).terminal_output().terminal_errors());
  check_exit(closing, 0);
  CHECK(closing.out.find("  kept\nmqtt-sub: 1 message in ") != std::string::npos);

  // Neither where stdout is read by a program, nor where stderr is.
  const auto piped = run(broker.sub({"t/1", "--duration", "1"}).terminal_errors());
  check_exit(piped, 0);
  CHECK(piped.err.empty());
  const auto logged = run(broker.sub({"t/1", "--duration", "1"}).terminal_output());
  check_exit(logged, 0);
  CHECK(logged.err.empty());
}

TEST_CASE("on a terminal control characters are escaped in every form, in a pipe in none") {
  Broker broker;
  const std::string payload = "a\x1B[31mb\x07";
  check_exit(run(broker.pub({"t", "--raw", payload, "-r"})), 0);
  for (const auto* form : {"raw", "pretty", "json"}) {
    CAPTURE(form);
    const auto result =
        run(broker.sub({"t", "-C", "1", "-o", form, "--color", "never"}).terminal_output());
    check_exit(result, 0);
    CHECK(result.out.find('a') != std::string::npos);
    CHECK(result.out.find('\x1B') == std::string::npos);
    CHECK(result.out.find('\x07') == std::string::npos);
  }
  CHECK(run(broker.sub({"t", "-C", "1"})).out == payload + "\n");
}
