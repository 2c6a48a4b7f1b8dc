// SPDX-License-Identifier: MIT
//
// What other programs get wrong with lines on stdin: the end, nothing at all, the last line, long,
// blank and odd ones. (Streams are in stream_test.cpp.)

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <future>

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

using Lines = std::vector<std::string>;

/// What is published for `input`.
Lines published(const std::string& input, std::initializer_list<std::string> words = {"-l"}) {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(pub(broker.port(), {"t", "--raw"}).add(words), input), 0);
  Lines lines;
  for (const auto& message : broker.received(PacketType::publish)) {
    lines.push_back(message.payload());
  }
  return lines;
}

std::string of(std::size_t size, char letter) { return std::string(size, letter); }

/// Waits for the end of a process, and tells the most memory that it has had (KiB).
long peak_until_end(Process& process, milliseconds limit) {
  long peak = 0;
  eventually(limit, [&] {
    peak = std::max(peak, process.peak_resident());
    return !process.running();
  });
  return peak;
}

}  // namespace

TEST_CASE("lines of stdin are messages to the byte") {
  struct Case {
    const char* name;
    std::string input;
    Lines expected;
  };
  const std::vector<Case> cases{
      {"nothing", "", {}},
      {"one newline", "\n", {""}},
      {"newlines only", "\n\n\n", {"", "", ""}},
      {"no newline at the end", "a\nb", {"a", "b"}},
      {"one character without a newline", "a", {"a"}},
      {"blank lines between", "a\n\n\nb\n", {"a", "", "", "b"}},
      {"a blank line first", "\na\n", {"", "a"}},
      {"blanks stay", "  a \n\tb\t\n", {"  a ", "\tb\t"}},
      {"CRLF", "a\r\n\r\nb\r\n", {"a", "", "b"}},
      {"CRLF without LF at the end", "a\r\nb\r", {"a", "b\r"}},
      {"CR in a line", "a\rb\r\r\n", {"a\rb\r"}},
      {"NUL in a line", "a\0b\n\0\n"s, {"a\0b"s, "\0"s}},
      {"bytes that are no text", "\xff\xfe\n\x80\n", {"\xff\xfe", "\x80"}},
      {"1,023 to 1,025 bytes",
       of(1023, 'a') + "\n" + of(1024, 'b') + "\n" + of(1025, 'c') + "\n",
       {of(1023, 'a'), of(1024, 'b'), of(1025, 'c')}},
      {"around 64 KiB",
       of(65535, 'a') + "\n" + of(65536, 'b') + "\n" + of(65537, 'c'),
       {of(65535, 'a'), of(65536, 'b'), of(65537, 'c')}},
      {"several long lines",
       of(300'000, 'a') + "\n" + of(500'000, 'b') + "\n\n" + of(700'001, 'c') + "\n",
       {of(300'000, 'a'), of(500'000, 'b'), "", of(700'001, 'c')}},
  };
  for (const auto& [name, input, expected] : cases) {
    CAPTURE(name);
    CHECK((published(input) == expected));
  }
}

TEST_CASE("all of stdin is one message to the byte") {
  for (const auto& input : {""s, "\n"s, "a\nb\n"s, "a\r\n\0\xff"s, of(1'000'000, 'x')}) {
    CAPTURE(input.substr(0, 20));
    CHECK((published(input, {"-s"}) == Lines{input}));
  }
}

TEST_CASE("at the end of stdin a run waits for its acknowledgements and ends at once") {
  ScriptBroker broker{[](Session& session) {
    session.accept();
    const auto first = session.expect(PacketType::publish);
    const auto second = session.expect(PacketType::publish);
    session.puback(first);
    session.expect(PacketType::publish);
    session.puback(second);
    session.stay_silent();
  }};
  Process process{pub(broker.port(), {"t", "-l", "--ack-timeout", "1"}).open_input()};
  process.write("one\ntwo\nthree");
  process.close_input();
  // The third has no acknowledgement: the end of stdin alone does not make it true.
  const auto result = process.wait();
  check_exit(result, 6);
  CHECK(result.err.find("1 of 3 messages was not acknowledged") != std::string::npos);

  ScriptBroker good{[](Session& session) { session.serve(); }};
  Process quick{pub(good.port(), {"t", "-l"}).open_input()};
  quick.write("one\n");
  REQUIRE(good.wait_for(PacketType::publish));
  quick.close_input();
  check_exit(quick.wait(within(1s)), 0);
}

TEST_CASE("lines come from a file, a terminal and a socket as from a pipe") {
  const TemporaryDirectory directory;
  const auto file = directory.write("lines", "a\n\nb");
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const Descriptor open_file{open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  check_exit(run(pub(broker.port(), {"t", "-l"}).input_from(open_file.get())), 0);
  CHECK(broker.received(PacketType::publish).size() == 3);

  int ends[2] = {-1, -1};
  checked(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  const Descriptor given{ends[0]};
  Descriptor kept{ends[1]};
  Process called{pub(broker.port(), {"t", "-l"}).input_from(given.get())};
  REQUIRE(write(kept.get(), "s\nt\n", 4) == 4);
  REQUIRE(broker.wait_for(PacketType::publish, 5));
  kept.close();
  check_exit(called.wait(within(1s)), 0);

  Process typed{pub(broker.port(), {"t", "-l"}).terminal_input()};
  typed.write("c\nd\n");
  REQUIRE(broker.wait_for(PacketType::publish, 7));
  typed.write("\x04");  // Ctrl-D
  check_exit(typed.wait(within(1s)), 0);
  CHECK(broker.received(PacketType::publish).size() == 7);
}

TEST_CASE("a stdin without a message is told, and one that was asked for may be empty") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const auto nothing = run(pub(broker.port(), {"t"}), "");
  check_exit(nothing, 2);
  CHECK(nothing.err.find("no message") != std::string::npos);
  check_exit(run(pub(broker.port(), {"t"})), 2);  // /dev/null, as in cron
  check_exit(run(pub(broker.port(), {"t"}).closed_input()), 2);
  check_exit(run(pub(broker.port(), {"t"}).terminal_input()), 2);
  CHECK(broker.connections() == 0);
}

TEST_CASE("a stdin that is closed is no empty message") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  for (const auto& words :
       {std::vector<std::string>{"t", "-s"}, {"t", "-l"}, {"t", "-f", "-"}, {"--replay", "-"}}) {
    CAPTURE(words);
    const auto result = run(pub(broker.port(), {}).add(words).closed_input());
    check_exit(result, 1);
    CHECK(result.err.find("cannot read stdin: Bad file descriptor") != std::string::npos);
  }
  CHECK(broker.received(PacketType::publish).empty());
}

TEST_CASE("a line that is no text ends the reading, and what was sent is acknowledged") {
  Broker broker;
  Witness witness{broker, 2};
  const auto result = run(broker.pub({"t", "-l", "--time-format", "T%%"}), "a\nb\nc\xff\nd\n");
  check_exit(result, 2);
  CHECK(result.err.find("line 3") != std::string::npos);
  CHECK(result.err.find("byte 2") != std::string::npos);
  CHECK(result.err.find("2 messages were acknowledged") != std::string::npos);
  CHECK(witness.out() == "{\"msg\":\"a\",\"data\":\"T%\"}\n{\"msg\":\"b\",\"data\":\"T%\"}\n");
}

TEST_CASE("a message above what the broker takes is refused by its size and never cut") {
  BrokerOptions options;
  options.lines = "max_packet_size 100000\n";
  Broker broker{options};
  Process witness{broker.sub({"t", "-C", "1"})};
  REQUIRE(broker.wait_for_subscription("t"));
  const auto result =
      run(broker.pub({"t", "-l", "--raw"}), "first\n" + of(1'000'000, 'x') + "\nlast\n");
  check_exit(result, 5);
  CHECK(result.err.find("100") != std::string::npos);
  CHECK(witness.wait().out == "first\n");
}

TEST_CASE("1 GB of lines goes through in less than 50 MB of memory", "[.slow]") {
  Broker broker;
  constexpr long count = 1'000'000;
  auto out = make_pipe();
  auto lines = make_pipe();
  Process sum{Command{"sha256sum"}.input_from(out.read.get())};
  out.read.close();
  Process subscriber{broker.sub({"t", "-C", std::to_string(count)}).output_to(out.write.get())};
  out.write.close();
  REQUIRE(broker.wait_for_subscription("t"));
  const std::string text = "seq -f %0999.0f 1 " + std::to_string(count);
  Process writer{Command::shell(text).output_to(lines.write.get())};
  lines.write.close();
  Process publisher{broker.pub({"t", "-l", "--raw"}).input_from(lines.read.get())};
  lines.read.close();
  const auto limit = 40 * patience;
  auto received_in = std::async(std::launch::async, peak_until_end, std::ref(subscriber), limit);
  const auto published_in = peak_until_end(publisher, limit);
  const auto result = publisher.wait();
  check_exit(result, 0);
  check_exit(subscriber.wait(limit), 0);
  const auto received = received_in.get();
  WARN("mqtt-pub " << published_in << " KiB, mqtt-sub " << received << " KiB, "
                   << result.duration.count() << " ms");
  CHECK(published_in < 50'000);
  CHECK(received < 50'000);
  CHECK(sum.wait().out == run(Command::shell(text + " | sha256sum"), 20 * patience).out);
}

TEST_CASE("a line of 100 MB goes through whole, and one above all limits is refused", "[.slow]") {
  Broker broker;
  auto out = make_pipe();
  Process sum{Command{"sha256sum"}.input_from(out.read.get())};
  out.read.close();
  Process subscriber{broker.sub({"t", "-C", "2"}).output_to(out.write.get())};
  out.write.close();
  REQUIRE(broker.wait_for_subscription("t"));
  const auto here = "mqtt-pub -h 127.0.0.1 -p " + broker.port_text() + " t -l --raw";
  const std::string text = "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo end";
  check_exit(run(Command::shell("{ " + text + "; } | " + here), 4 * patience), 0);
  check_exit(subscriber.wait(4 * patience), 0);
  CHECK(sum.wait().out == run(Command::shell("{ " + text + "; } | sha256sum"), patience).out);

  const auto result =
      run(Command::shell("head -c 300000000 /dev/zero | tr '\\0' x | " + here), 4 * patience);
  check_exit(result, 2);
  CHECK(result.err.find("line 1") != std::string::npos);
}
