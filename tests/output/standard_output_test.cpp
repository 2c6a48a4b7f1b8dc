// SPDX-License-Identifier: MIT
#include "output/standard_output.hpp"

#include "catch.hpp"
#include "error.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using mqtt_tools::ExitCode;
using mqtt_tools::Qos;
using mqtt_tools::RunError;
using mqtt_tools::output::StandardOutput;
using State = StandardOutput::State;

namespace {

/// Two ends of something; the writing one is the stdout of the test.
struct Ends {
  Ends() { std::signal(SIGPIPE, SIG_IGN); }
  ~Ends() {
    close_reader();
    ::close(writer);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  void close_reader() {
    if (reader != -1) {
      ::close(reader);
    }
    reader = -1;
  }

  /// What is there to read, without waiting for more.
  std::string take() const {
    std::string text;
    std::array<char, 65536> piece;
    pollfd asked{reader, POLLIN, 0};
    while (poll(&asked, 1, 0) == 1) {
      const auto size = ::read(reader, piece.data(), piece.size());
      if (size <= 0) {
        break;
      }
      text.append(piece.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

  int reader = -1;
  int writer = -1;
};

struct Pipe : Ends {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = ends[0];
    writer = ends[1];
  }
};

struct Sockets : Ends {
  Sockets() {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    reader = ends[0];
    writer = ends[1];
  }
};

struct Terminal : Ends {
  Terminal() { REQUIRE(openpty(&reader, &writer, nullptr, nullptr, nullptr) == 0); }
};

short poll_for(int fd, short events) {
  pollfd asked{fd, events, 0};
  poll(&asked, 1, 0);
  return asked.revents;
}

/// Text in which a lost, doubled or displaced byte shows. Without newlines, which terminals change.
std::string numbered(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) {
    text += std::to_string(i) + ' ';
  }
  text.resize(size);
  return text;
}

/// Writes `text` to a reader that begins to read only when nothing more goes out.
template <typename Kind>
std::string through_slow_reader(const std::string& text) {
  Kind ends;
  StandardOutput out{ends.writer};
  out.buffer() = text;
  std::string received;
  REQUIRE(out.flush() == State::open);
  REQUIRE(out.pending() > 0);  // it did not wait for the reader
  while (out.pending() > 0) {
    const std::size_t before = received.size();
    received += ends.take();
    REQUIRE(received.size() > before);
    REQUIRE(out.flush() == State::open);
  }
  return received + ends.take();
}

}  // namespace

TEST_CASE("output waits in the buffer until it is flushed") {
  Pipe pipe;
  StandardOutput out{pipe.writer};

  out.buffer() += "hello\n";
  CHECK(pipe.take().empty());
  CHECK(out.pending() == 6);

  CHECK(out.flush() == State::open);
  CHECK(pipe.take() == "hello\n");
  CHECK(out.pending() == 0);
}

TEST_CASE("a slow reader of a pipe, socket or terminal gets every byte in order") {
  const std::string text = numbered(3'000'000);
  CHECK(through_slow_reader<Pipe>(text) == text);
  CHECK(through_slow_reader<Sockets>(text) == text);

  const std::string less = numbered(100'000);
  CHECK(through_slow_reader<Terminal>(less) == less);
}

TEST_CASE("others who share the pipe or terminal keep a blocking one") {
  Pipe pipe;
  Terminal terminal;
  Sockets sockets;
  for (const int fd : {pipe.writer, terminal.writer, sockets.writer}) {
    const int before = fcntl(fd, F_GETFL);
    StandardOutput out{fd};
    out.buffer() = numbered(1'000'000);
    CHECK(out.flush() == State::open);
    CHECK(out.pending() > 0);
    CHECK(fcntl(fd, F_GETFL) == before);
  }
}

TEST_CASE("a pipe or socket whose reader left is closed when written to") {
  SECTION("pipe") {
    Pipe pipe;
    StandardOutput out{pipe.writer};
    pipe.close_reader();
    out.buffer() = "hello\n";
    CHECK(out.flush() == State::closed);
    CHECK(out.pending() == 0);
  }
  SECTION("pipe whose reader left before the start") {
    Pipe pipe;
    pipe.close_reader();
    StandardOutput out{pipe.writer};
    out.buffer() = "hello\n";
    CHECK(out.flush() == State::closed);
  }
  SECTION("socket") {
    Sockets sockets;
    StandardOutput out{sockets.writer};
    sockets.close_reader();
    out.buffer() = "hello\n";
    CHECK(out.flush() == State::closed);
  }
  SECTION("terminal that hung up") {
    Terminal terminal;
    StandardOutput out{terminal.writer};
    terminal.close_reader();
    out.buffer() = "hello\n";
    CHECK(out.flush() == State::closed);
  }
}

TEST_CASE("a silent stdout whose reader leaves can be noticed by poll without events") {
  constexpr short gone = POLLERR | POLLHUP;
  SECTION("pipe") {
    Pipe pipe;
    StandardOutput out{pipe.writer};
    CHECK(poll_for(out.fd(), 0) == 0);
    pipe.close_reader();
    CHECK((poll_for(out.fd(), 0) & POLLERR) != 0);
  }
  SECTION("pipe whose reader left before the start") {
    Pipe pipe;
    pipe.close_reader();
    StandardOutput out{pipe.writer};
    CHECK((poll_for(out.fd(), 0) & POLLERR) != 0);
  }
  SECTION("socket") {
    Sockets sockets;
    StandardOutput out{sockets.writer};
    CHECK(poll_for(out.fd(), 0) == 0);
    sockets.close_reader();
    CHECK((poll_for(out.fd(), 0) & gone) != 0);
  }
  SECTION("terminal") {
    Terminal terminal;
    StandardOutput out{terminal.writer};
    CHECK(poll_for(out.fd(), 0) == 0);
    terminal.close_reader();
    CHECK((poll_for(out.fd(), 0) & gone) != 0);
  }
}

TEST_CASE("while output is pending poll tells when the reader takes more") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  out.buffer() = numbered(200'000);
  CHECK(out.flush() == State::open);
  CHECK(poll_for(out.fd(), POLLOUT) == 0);
  CHECK(pipe.take().size() > 0);
  CHECK(poll_for(out.fd(), POLLOUT) == POLLOUT);
}

TEST_CASE("a full disk is an error with its reason") {
  const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(fd != -1);
  StandardOutput out{fd};
  out.buffer() = "hello\n";
  try {
    out.flush();
    FAIL("no error");
  } catch (const RunError& error) {
    CHECK(error.what() ==
          std::string{
              "cannot write to stdout: No space left on device (df shows where there is some)"});
    CHECK(error.code() == ExitCode::failure);
  }
  CHECK(out.state() == State::failed);
  CHECK(out.fd() == -1);
  out.buffer() += "more\n";
  out.end_record(Qos::at_least_once);
  CHECK(out.flush() == State::failed);  // Said once.
  CHECK(out.pending() == 0);
  CHECK(out.unwritten() == 1);
  close(fd);
}

TEST_CASE("a stdout that is closed or only readable is an error once there is output") {
  SECTION("closed") {
    const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    close(fd);
    StandardOutput out{fd};
    CHECK(out.fd() == -1);
    CHECK(out.flush() == State::open);
    out.buffer() = "hello\n";
    CHECK_THROWS_AS(out.flush(), RunError);
  }
  SECTION("its number was taken by another file since") {
    const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    close(fd);
    StandardOutput out{fd};
    Pipe pipe;
    REQUIRE(dup2(pipe.writer, fd) == fd);
    out.buffer() = "hello\n";
    CHECK_THROWS_AS(out.flush(), RunError);
    CHECK(pipe.take().empty());
    if (fd != pipe.writer && fd != pipe.reader) {
      close(fd);
    }
  }
  SECTION("the reading end of a pipe") {
    Pipe pipe;
    StandardOutput out{pipe.reader};
    out.buffer() = "hello\n";
    CHECK_THROWS_AS(out.flush(), RunError);
  }
}

TEST_CASE("a file is appended to or continued where the shell left it") {
  std::string path = "/tmp/standard_output_test_XXXXXX";
  const int fd = mkstemp(path.data());
  REQUIRE(fd != -1);
  const auto content = [&] {
    std::array<char, 100> text;
    const auto size = pread(fd, text.data(), text.size(), 0);
    return std::string{text.data(), static_cast<std::size_t>(size)};
  };

  SECTION("at its offset, which others share") {
    REQUIRE(write(fd, "before\n", 7) == 7);
    StandardOutput out{fd};
    out.buffer() = "ours\n";
    CHECK(out.flush() == State::open);
    REQUIRE(write(fd, "after\n", 6) == 6);
    CHECK(content() == "before\nours\nafter\n");
  }
  SECTION("at its end") {
    const int other = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    const int appending = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    StandardOutput out{appending};
    REQUIRE(write(other, "before\n", 7) == 7);
    out.buffer() = "ours\n";
    CHECK(out.flush() == State::open);
    CHECK(content() == "before\nours\n");
    close(other);
    close(appending);
  }
  close(fd);
  unlink(path.c_str());
}

TEST_CASE("the memory of a large message is given back once it is out") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  out.buffer() = std::string(20'000'000, 'x');
  std::size_t received = 0;
  while (out.pending() > 0) {
    REQUIRE(out.flush() == State::open);
    received += pipe.take().size();
  }
  CHECK(received == 20'000'000);
  CHECK(out.buffer().capacity() <= (std::size_t{1} << 20));
}

TEST_CASE("what is out does not stay in the buffer of a reader who never catches up") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  const std::string piece = numbered(60'000);
  out.buffer() += piece;
  for (int i = 0; i < 200; ++i) {
    out.buffer() += piece;
    REQUIRE(out.flush() == State::open);
    pipe.take();
    REQUIRE(out.buffer().size() <= 1'000'000);
  }
}

namespace {

void append(StandardOutput& out, const std::string& record, Qos qos = Qos::at_least_once) {
  out.buffer() += record;
  out.end_record(qos);
}

/// Fills a pipe whose reader does not read, and gives what is in it then.
std::string left_in_pipe(const std::vector<std::string>& records) {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  for (const auto& record : records) append(out, record);
  CHECK(out.flush() == State::open);
  CHECK(out.pending() > 0);
  CHECK(out.flush() == State::open);
  return pipe.take();
}

std::vector<std::string> records(std::size_t count, const std::vector<std::size_t>& sizes) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i) {
    auto record = std::to_string(i) + ' ';
    record.resize(std::max(sizes[i % sizes.size()], record.size() + 1), 'x');
    record.back() = '\n';
    result.push_back(record);
  }
  return result;
}

}  // namespace

TEST_CASE("a pipe whose reader does not read holds whole records") {
  for (const auto& sizes : std::vector<std::vector<std::size_t>>{{7},
                                                                 {200},
                                                                 {4095},
                                                                 {4096},
                                                                 {4097},
                                                                 {10'000},
                                                                 {50'000},
                                                                 {65'536},
                                                                 {3, 9000, 17, 30'000}}) {
    CAPTURE(sizes.front());
    const auto all = records(200'000 / sizes.front() + 4, sizes);
    const auto text = left_in_pipe(all);
    REQUIRE_FALSE(text.empty());
    CHECK(text.size() <= 65'536);
    CHECK(text.size() > 8'000);
    CHECK(text.back() == '\n');
    std::string expected;
    for (const auto& record : all) {
      if (expected.size() == text.size()) break;
      expected += record;
    }
    CHECK(text == expected);
  }
}

TEST_CASE("a pipe holds whole records at any moment, however slowly it is read") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  const auto all = records(600, {1000, 12'000, 30, 40'000, 5000});
  std::size_t sent = 0;
  std::uint64_t in_pipe_and_read = 0;
  std::uint64_t boundary = 0;
  std::string received;
  std::array<char, 777> piece;
  while (received.size() < 600 / 5 * (1000 + 12'000 + 30 + 40'000 + 5000)) {
    for (; sent < all.size() && out.pending() < 64 * 1024; ++sent) append(out, all[sent]);
    CHECK(out.flush() == State::open);
    int unread = 0;
    REQUIRE(ioctl(pipe.reader, FIONREAD, &unread) == 0);
    in_pipe_and_read = received.size() + static_cast<std::size_t>(unread);
    for (std::size_t i = 0; boundary < in_pipe_and_read; ++i) {
      boundary = 0;
      for (std::size_t n = 0; n <= i; ++n) boundary += all[n].size();
    }
    REQUIRE(boundary == in_pipe_and_read);
    const auto size = ::read(pipe.reader, piece.data(), piece.size());
    REQUIRE(size > 0);
    received.append(piece.data(), static_cast<std::size_t>(size));
  }
  std::string expected;
  for (const auto& record : all) expected += record;
  CHECK(received == expected);
}

TEST_CASE("a record that waits for more room than poll asks for is tried again, ever less often") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  append(out, std::string(40'000, 'a'));
  append(out, std::string(40'000, 'b'));
  CHECK(out.flush() == State::open);
  REQUIRE(out.retry_after());
  CHECK(out.events() == 0);
  const auto first = *out.retry_after();
  for (int i = 0; i < 20; ++i) out.flush();
  CHECK(*out.retry_after() > first);
  CHECK(*out.retry_after() <= std::chrono::milliseconds{50});
  CHECK(pipe.take() == std::string(40'000, 'a'));
  CHECK(out.flush() == State::open);
  CHECK_FALSE(out.retry_after());
  CHECK(pipe.take() == std::string(40'000, 'b'));
}

TEST_CASE("a record larger than a pipe goes out in parts") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  append(out, "first\n");
  append(out, numbered(300'000));
  append(out, "last\n");
  std::string received;
  while (out.pending() > 0) {
    REQUIRE(out.flush() == State::open);
    CHECK_FALSE(out.retry_after());
    received += pipe.take();
  }
  CHECK(received == "first\n" + numbered(300'000) + "last\n");
}

TEST_CASE("nothing is written once it is known that the reader left") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  append(out, "one\n");
  CHECK(out.flush() == State::open);
  out.close();
  CHECK(out.closed());
  CHECK(out.fd() == -1);
  append(out, "two\n");
  CHECK(out.flush() == State::closed);
  CHECK(out.pending() == 0);
  CHECK(out.room());
  CHECK(out.unwritten() == 1);
  CHECK(pipe.take() == "one\n");
}

TEST_CASE("records that are not out as a whole are counted, if they were acknowledged") {
  Pipe pipe;
  StandardOutput out{pipe.writer};
  CHECK(out.unwritten() == 0);
  append(out, "one\n");
  append(out, "two\n", Qos::at_most_once);
  append(out, "");
  CHECK(out.unwritten() == 2);
  CHECK(out.flush() == State::open);
  CHECK(out.unwritten() == 0);

  append(out, numbered(100'000));
  append(out, "three\n");
  CHECK(out.flush() == State::open);
  CHECK(out.unwritten() == 2);
  pipe.close_reader();
  CHECK(out.flush() == State::closed);
  CHECK(out.unwritten() == 2);
}
