// SPDX-License-Identifier: MIT
#include "output/standard_output.hpp"

#include "catch.hpp"
#include "error.hpp"

#include <array>
#include <csignal>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using mqtt_tools::ExitCode;
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
    CHECK(error.what() == std::string{"cannot write to stdout: No space left on device"});
    CHECK(error.code() == ExitCode::failure);
  }
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
