// SPDX-License-Identifier: MIT

#include "connection/hooks/socket.hpp"

#include "catch.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <string>

using mqtt_tools::connection::PahoSocket;
using State = PahoSocket::State;

namespace {

/// Two ends of a connection; ours does not wait.
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0); }
  ~Pair() {
    ::close(ends[0]);
    hang_up();
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  void say(const std::string& text) const {
    REQUIRE(::send(ends[1], text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }

  void hang_up() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }

  int ends[2] = {-1, -1};
};

std::string read(PahoSocket& stream, const Pair& pair, std::size_t size) {
  std::string bytes(size, '\0');
  const auto count = stream.read(pair.ends[0], bytes.data(), size);
  if (count < 0) return "error";
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

}  // namespace

TEST_CASE("a stream reads ahead and hands the bytes out in order") {
  Pair pair;
  PahoSocket stream;
  pair.say("abcdef");

  CHECK_FALSE(stream.holds_bytes());
  CHECK(read(stream, pair, 1) == "a");
  CHECK(stream.holds_bytes());
  char left = 0;
  CHECK(::recv(pair.ends[0], &left, 1, 0) == -1);  // the kernel has none any more

  pair.say("gh");
  CHECK(read(stream, pair, 3) == "bcd");
  CHECK(read(stream, pair, 100) == "ef");
  CHECK_FALSE(stream.holds_bytes());
  CHECK(read(stream, pair, 100) == "gh");
}

TEST_CASE("an empty stream says so as the kernel does") {
  Pair pair;
  PahoSocket stream;
  CHECK(read(stream, pair, 1) == "error");
  CHECK(errno == EAGAIN);
}

TEST_CASE("a stream ends only after the bytes that were read ahead") {
  Pair pair;
  PahoSocket stream;
  pair.say("xyz");
  pair.hang_up();

  CHECK(read(stream, pair, 1) == "x");
  CHECK(read(stream, pair, 2) == "yz");
  CHECK(read(stream, pair, 1).empty());
}

TEST_CASE("much at once is not read ahead") {
  Pair pair;
  PahoSocket stream;
  const std::string payload(60'000, 'p');
  pair.say(payload);

  CHECK(read(stream, pair, 50'000) == payload.substr(0, 50'000));
  CHECK_FALSE(stream.holds_bytes());
  CHECK(read(stream, pair, 20'000) == payload.substr(50'000));
}

TEST_CASE("a stream forgets the bytes of the socket that had its number before") {
  const auto next = GENERATE(State::unknown, State::fresh, State::connecting, State::tls);
  Pair pair;
  PahoSocket stream;
  pair.say("old");
  CHECK(read(stream, pair, 1) == "o");

  stream.enter(next);
  CHECK_FALSE(stream.holds_bytes());
  pair.say("new");
  CHECK(read(stream, pair, 3) == "new");
}

TEST_CASE("a stream is blocked from a short write to the next whole one") {
  PahoSocket stream;
  stream.enter(State::connecting);
  stream.wrote(true);
  CHECK_FALSE(stream.blocked());
  stream.wrote(false);
  CHECK(stream.blocked());
  stream.wrote(false);
  CHECK(stream.blocked());
  stream.wrote(true);
  CHECK_FALSE(stream.blocked());

  stream.wrote(false);
  stream.enter(State::fresh);
  CHECK_FALSE(stream.blocked());
}

TEST_CASE("a stream that was connecting is in use once it is written to, and TLS stays TLS") {
  PahoSocket stream;
  stream.enter(State::connecting);
  stream.wrote(true);
  CHECK(stream.state() == State::plain);
  stream.enter(State::tls);
  stream.wrote(true);
  CHECK(stream.state() == State::tls);
}

TEST_CASE("descriptors beyond the table have no stream and equal ones share theirs") {
  CHECK(PahoSocket::find(-1) == nullptr);
  CHECK(PahoSocket::find(1'000'000) == nullptr);
  REQUIRE(PahoSocket::find(7) != nullptr);
  CHECK(PahoSocket::find(7) == PahoSocket::find(7));
  CHECK(PahoSocket::find(7) != PahoSocket::find(8));
}
