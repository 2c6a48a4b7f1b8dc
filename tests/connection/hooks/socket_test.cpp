// SPDX-License-Identifier: MIT

#include "connection/hooks/socket.hpp"

#include "catch.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace mqtt_tools::connection::hooks;
using State = Socket::State;

namespace {

/// Two ends of a connection; ours does not wait.
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0); }
  ~Pair() {
    ::close(ends[0]);
    hang_up();
  }
  static Pair over_tcp() {
    sockaddr_in loopback{};
    loopback.sin_family = AF_INET;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return Pair{loopback};
  }
  explicit Pair(sockaddr_in loopback) {
    socklen_t size = sizeof loopback;
    auto* const address = reinterpret_cast<sockaddr*>(&loopback);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::bind(listener, address, size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    REQUIRE(::getsockname(listener, address, &size) == 0);
    ends[0] = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::connect(ends[0], address, size) == 0);
    ends[1] = ::accept(listener, nullptr, nullptr);
    REQUIRE(ends[1] >= 0);
    ::close(listener);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  void say(const std::string& text) const {
    REQUIRE(::send(ends[1], text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }

  /// From our end, up to the other one's kernel.
  void write(const std::string& bytes) const {
    REQUIRE(::send(ends[0], bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    int on_their_way = 1;
    while (on_their_way > 0) REQUIRE(::ioctl(ends[0], SIOCOUTQ, &on_their_way) == 0);
  }

  /// Until there is no room any more on our end.
  void fill() const {
    const std::string much(100'000, 'x');
    while (::send(ends[0], much.data(), much.size(), MSG_DONTWAIT) > 0) continue;
  }

  void hang_up() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }

  int ends[2] = {-1, -1};
};

/// CONNECT of MQTT 3.1.1, client id "t", and of MQTT 5 with a keep-alive of a second; what answers
/// them, and a message with QoS 0.
const std::string connect_packet{"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01t", 15};
const std::string connect_packet_5{"\x10\x0e\0\x04MQTT\x05\x02\0\x01\0\0\x01t", 16};
const std::string upgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: a=\r\n\r\n";
const std::string connack{"\x20\x02\0\0", 4};
const std::string connack_5{"\x20\x03\0\0\0", 5};
const std::string message{"\x30\x05\0\x01thi", 7};
const std::string pingreq{"\xc0\0", 2};
const std::string pingresp{"\xd0\0", 2};

/// One of Paho's sockets, over our end of `pair`, that has sent CONNECT.
struct Connected {
  explicit Connected(const Pair& pair, std::string first = connect_packet)
      : descriptor(pair.ends[0]), socket(Socket::open(descriptor, record)) {
    REQUIRE(socket != nullptr);
    socket->enter(State::connecting);
    send(std::move(first));
  }
  ~Connected() {
    if (socket != nullptr) socket->enter(State::unused);
  }
  Connected(const Connected&) = delete;
  Connected& operator=(const Connected&) = delete;

  void send(std::string bytes) {
    const auto lock = socket->begin_write();
    REQUIRE(lock);
    socket->dense_writes(mqtt_tools::Clock::now());
    socket->note_sent(bytes);
    socket->wrote(true);
  }

  std::string read(std::size_t size) {
    std::string bytes(size, '\0');
    const auto source = [this](char* to, std::size_t most) {
      return ::recv(descriptor, to, most, 0);
    };
    const auto count = socket->read(source, bytes.data(), size);
    if (count < 0) return "error";
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }

  const int descriptor;
  std::shared_ptr<ConnectionRecord> record =
      std::make_shared<ConnectionRecord>(PacketGuard::Limits{});
  Socket* socket;
};

}  // namespace

TEST_CASE("a watched socket reads ahead and hands the bytes out in order") {
  Pair pair;
  Connected paho{pair};
  paho.socket->watched();
  pair.say(connack + message);

  CHECK_FALSE(paho.socket->holds_bytes());
  CHECK(paho.read(1) == connack.substr(0, 1));
  CHECK(paho.socket->holds_bytes());
  char left = 0;
  CHECK(::recv(pair.ends[0], &left, 1, 0) == -1);  // the kernel has none any more

  CHECK(paho.read(3) == connack.substr(1));
  CHECK(paho.read(100) == message);
  CHECK_FALSE(paho.socket->holds_bytes());
  pair.say(message);
  CHECK(paho.read(100) == message);
}

TEST_CASE("nothing is read ahead as long as no poll of ours would tell of it") {
  Pair pair;
  Connected paho{pair};
  pair.say(connack + message);
  CHECK(paho.read(4) == connack);
  CHECK_FALSE(paho.socket->holds_bytes());
  CHECK(paho.read(100) == message);
}

TEST_CASE("an empty socket says so as the kernel does") {
  Pair pair;
  Connected paho{pair};
  CHECK(paho.read(1) == "error");
  CHECK(errno == EAGAIN);
}

TEST_CASE("a socket ends only after the bytes that were read ahead") {
  Pair pair;
  Connected paho{pair};
  paho.socket->watched();
  pair.say(connack);
  pair.hang_up();

  CHECK(paho.read(1) == connack.substr(0, 1));
  CHECK(paho.read(3) == connack.substr(1));
  CHECK(paho.read(1).empty());
  CHECK_FALSE(paho.record->violation());
}

TEST_CASE("much at once is not read ahead") {
  Pair pair;
  Connected paho{pair};
  paho.socket->watched();
  pair.say(connack);
  CHECK(paho.read(4) == connack);
  const std::string payload(60'000, 'p');  // its remaining length: 60,003
  pair.say(std::string{"\x30\xe3\xd4\x03\0\x01t", 7} + payload);

  CHECK(paho.read(50'000).size() == 50'000);
  CHECK_FALSE(paho.socket->holds_bytes());
  CHECK(paho.read(20'000) == payload.substr(50'000 - 7));
}

TEST_CASE("a socket gives what is legal and then ends") {
  Pair pair;
  Connected paho{pair};
  const bool ahead = GENERATE(true, false);
  if (ahead) paho.socket->watched();
  pair.say(connack + std::string{"\x40\x02\0\x07", 4} + message);

  CHECK(paho.read(4) == connack);
  CHECK(paho.read(100).size() < 4);
  CHECK(paho.read(100).empty());
  CHECK(paho.socket->holds_bytes());  // so that Paho reads on, to its end
  REQUIRE(paho.record->violation());
  CHECK(paho.record->violation()->find("PUBACK for id 7") != std::string::npos);
  CHECK_FALSE(paho.socket->begin_write());   // a DISCONNECT of Paho's would take the will away
  CHECK(paho.socket->own_packet().empty());  // MQTT 3.1.1 has no other
}

TEST_CASE("under MQTT 5 a socket that ended so says why, once") {
  Pair pair;
  Connected paho{pair, std::string{"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01t", 16}};
  pair.say(std::string{"\x20\x03\0\0\0", 5} + std::string{"\x40\x02\0\x07", 4});
  CHECK(paho.read(5).size() == 5);
  CHECK(paho.socket->own_packet().empty());
  CHECK(paho.read(100).size() < 4);
  CHECK(paho.read(100).empty());
  CHECK(paho.socket->own_packet() == std::string{"\xe0\x01\x82", 3});
  CHECK(paho.socket->own_packet().empty());
}

TEST_CASE("what is not allowed of WebSocket is told of though nothing more comes") {
  Pair pair;
  Connected paho{pair, "GET / HTTP/1.1\r\n\r\n"};

  pair.say(upgraded);
  CHECK(paho.read(1'024) == upgraded);
  paho.send("\x82\x8f" + std::string(4, '\0') + connect_packet);
  pair.say("\x82\x04" + connack + std::string{"\x82\x05\x30\xff\xff\xff\xff", 7});
  CHECK(paho.read(2) == "\x82\x04");
  CHECK(paho.read(4) == connack);
  CHECK(paho.socket->holds_bytes());  // or Paho would not read on
  CHECK(paho.read(2).empty());
  REQUIRE(paho.record->violation());
  CHECK(paho.record->violation()->find("MQTT 5.0 §1.5.5") != std::string::npos);
}

TEST_CASE("an error that lasts is the end of a WebSocket") {
  Pair pair;
  Connected paho{pair, "GET / HTTP/1.1\r\n\r\n"};

  pair.say(upgraded);
  CHECK(paho.read(1'024) == upgraded);
  const auto read = [&paho](int error) {
    char byte = 0;
    const auto source = [error](char*, std::size_t) {
      errno = error;
      return ssize_t{-1};
    };
    return paho.socket->read(source, &byte, 1);
  };
  CHECK(read(EAGAIN) == -1);
  CHECK(read(ETIMEDOUT) == 0);
}

TEST_CASE("a ping is answered only while there is room for the answer") {
  Pair pair;
  Connected paho{pair, "GET / HTTP/1.1\r\n\r\n"};

  pair.say(upgraded);
  CHECK(paho.read(1'024) == upgraded);
  paho.send("\x82\x8f" + std::string(4, '\0') + connect_packet);
  const std::string ping = "\x89\x04ping";
  pair.say(ping + "\x82\x04" + connack + ping);
  CHECK(paho.read(2) == ping.substr(0, 2));
  CHECK(paho.read(4) == ping.substr(2));
  CHECK(paho.read(6) == "\x82\x04" + connack);

  const std::string filling(1'000, 'f');
  while (::send(pair.ends[0], filling.data(), filling.size(), 0) > 0) {
  }
  pair.say(ping + "\x82\x07" + message + ping);
  CHECK(paho.read(9) == "\x82\x07" + message);
  CHECK(paho.read(2) == "error");
  CHECK(errno == EAGAIN);
  pair.say("\x88" + std::string(1, '\0'));
  CHECK(paho.read(2).empty());  // also the end is told without an answer
  CHECK_FALSE(paho.record->violation());
}

TEST_CASE("a ping is not answered within a packet that was written in part") {
  Pair pair;
  Connected paho{pair, "GET / HTTP/1.1\r\n\r\n"};
  pair.say(upgraded);
  paho.read(1'024);
  paho.socket->wrote(false);
  pair.say("\x89\x04ping");
  CHECK(paho.read(2) == "error");
  paho.socket->wrote(true);
  pair.say("\x89\x04pong");
  CHECK(paho.read(6) == "\x89\x04pong");
}

TEST_CASE("a server that speaks first, or answers MQTT with HTTP, is not heard") {
  const auto* const said = GENERATE("HTTP/1.1 200 OK\r\n\r\n", "SSH-2.0-x\r\n", "\x20\x02");
  Pair pair;
  Connected paho{pair, ""};
  pair.say(said);
  CHECK(paho.read(1).empty());
  CHECK(paho.record->violation());
}

TEST_CASE("a socket forgets the bytes of the one that had its number before") {
  Pair pair;
  {
    Connected paho{pair};
    paho.socket->watched();
    pair.say(connack + message);
    CHECK(paho.read(1).size() == 1);
  }
  CHECK(Socket::find(pair.ends[0]) == nullptr);
  Connected paho{pair};
  CHECK_FALSE(paho.socket->holds_bytes());
  pair.say(connack);
  CHECK(paho.read(4) == connack);
}

TEST_CASE("a socket is blocked from a short write to the next whole one") {
  Pair pair;
  Connected paho{pair};
  auto& socket = *paho.socket;
  CHECK_FALSE(socket.blocked());
  socket.wrote(false);
  CHECK(socket.blocked());
  socket.wrote(false);
  CHECK(socket.blocked());
  socket.wrote(true);
  CHECK_FALSE(socket.blocked());

  socket.wrote(false);
  socket.enter(State::connecting);
  CHECK_FALSE(socket.blocked());
}

TEST_CASE("a socket that was connecting is in use once it is written to, and TLS stays TLS") {
  Pair pair;
  Connected paho{pair};
  CHECK(paho.socket->state() == State::plain);
  paho.socket->enter(State::tls);
  paho.socket->wrote(true);
  CHECK(paho.socket->state() == State::tls);
}

TEST_CASE("sockets are found by any descriptor, however high, as long as there are places") {
  const auto record = std::make_shared<ConnectionRecord>(PacketGuard::Limits{});
  CHECK(Socket::find(-1) == nullptr);
  CHECK(Socket::find(1'000'000) == nullptr);
  std::vector<Socket*> open;
  for (int descriptor = 1'000'000;; descriptor += 1'000) {
    auto* socket = Socket::open(descriptor, record);
    if (socket == nullptr) break;
    CHECK(Socket::find(descriptor) == socket);
    open.push_back(socket);
  }
  CHECK(open.size() >= 8);
  for (auto* socket : open) socket->enter(State::unused);
  CHECK(Socket::find(1'000'000) == nullptr);
}

TEST_CASE("of a connection that is given up nothing is read, and nothing more is written") {
  Pair pair;
  Connected paho{pair};
  pair.say(connack);
  paho.record->give_up();
  CHECK(paho.read(1).empty());
  CHECK_FALSE(paho.socket->begin_write());
}

TEST_CASE("behind a CONNECT that was given up goes one DISCONNECT, in a frame if need be") {
  Pair pair;
  Connected plain{pair};
  CHECK(plain.socket->own_packet().empty());
  plain.record->give_up();
  CHECK(plain.socket->own_packet() == std::string("\xE0\0", 2));
  CHECK(plain.socket->own_packet().empty());
}

TEST_CASE("a connection that is given up before its CONNECT says nothing") {
  Pair pair;
  Connected paho{pair, "CONNECT broker:1883 HTTP/1.1\r\n\r\n"};
  paho.record->give_up();
  CHECK(paho.socket->own_packet().empty());
  // Paho waits for twelve bytes of the proxy's answer, and goes on until they are there.
  CHECK(paho.read(12) == std::string(12, '-'));
  CHECK(paho.read(1).empty());
}

TEST_CASE("a QoS 2 message that was dropped with its connection was not handed over") {
  for (const int level : {4, 5}) {
    CAPTURE(level);
    Pair pair;
    std::string connect = connect_packet;
    connect[8] = static_cast<char>(level);
    if (level == 5) connect = std::string{"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01t", 16};
    Connected paho{pair, connect};
    int arrived = 0;
    paho.record->on_arrived([&](const PacketGuard::Arrived&) { ++arrived; });
    const std::string accepted = level == 5 ? std::string{"\x20\x03\0\0\0", 5} : connack;
    const std::string unreleased = level == 5 ? std::string{"\x34\x07\0\x01t\0\x07\0x", 9}
                                              : std::string{"\x34\x06\0\x01t\0\x07x", 8};
    pair.say(accepted + unreleased);
    CHECK(paho.read(accepted.size()) == accepted);
    const auto begun = paho.read(unreleased.size() - 1);
    CHECK(arrived == 0);
    CHECK(begun + paho.read(1) == unreleased);
    CHECK(arrived == (level == 4 ? 1 : 0));
    CHECK(paho.record->guard()->unreleased().contains(7));
    paho.record->guard()->release(7);
    CHECK_FALSE(paho.record->guard()->unreleased().contains(7));
  }
}

TEST_CASE("only a PINGREQ that is still on its way is answered in place of the server") {
  const bool arrives = GENERATE(true, false);
  CAPTURE(arrives);
  const auto pair = Pair::over_tcp();
  Connected paho{pair};
  pair.say(connack);
  CHECK(paho.read(4) == connack);
  if (!arrives) pair.fill();
  if (arrives) pair.write(pingreq);
  paho.send(pingreq);
  if (arrives) pair.fill();
  bool answered = paho.socket->answer_ping();
  std::string taken(100'000, '\0');
  while (!answered && ::recv(pair.ends[1], taken.data(), taken.size(), MSG_DONTWAIT) > 0) {
    answered = paho.socket->answer_ping();
  }
  CHECK(answered == !arrives);
  if (answered) CHECK(paho.read(2) == pingresp);
}

TEST_CASE("while Paho is blocked it has PINGRESP, until no byte has left for 2.5 keep-alives") {
  const auto pair = Pair::over_tcp();
  Connected paho{pair, connect_packet_5};
  pair.say(connack_5);
  CHECK(paho.read(5) == connack_5);
  CHECK_FALSE(paho.socket->answer_ping());
  pair.fill();
  paho.socket->wrote(false);
  const auto begin = mqtt_tools::Clock::now();
  for (; !paho.socket->refused(); paho.socket->check_progress()) {
    REQUIRE(paho.socket->answer_ping());
    REQUIRE(paho.read(2) == pingresp);
    ::poll(nullptr, 0, 50);
  }
  CHECK(mqtt_tools::Clock::now() - begin > std::chrono::seconds{2});
  CHECK(paho.read(1).empty());
  CHECK_FALSE(paho.socket->begin_write());
  CHECK(paho.record->closing().find("nothing could be sent for 2.5 s") != std::string::npos);
}

TEST_CASE("when we have been silent for too long PINGREQ leaves, and its answer is awaited") {
  const bool answered = GENERATE(true, false);
  CAPTURE(answered);
  const auto pair = Pair::over_tcp();
  Connected paho{pair, connect_packet_5};
  pair.say(connack_5);
  CHECK(paho.read(5) == connack_5);
  const auto wait_for_more = [&] {
    while (!paho.socket->answer_ping()) ::poll(nullptr, 0, 50);
    return paho.read(2);
  };
  CHECK(wait_for_more() == pingresp);
  REQUIRE(paho.socket->own_packet() == pingreq);
  pair.write(pingreq);
  paho.send(pingreq);
  if (answered) {
    pair.say(pingresp);
    CHECK(paho.read(2) == pingresp);
  }
  CHECK(wait_for_more() == (answered ? pingresp : ""));
  CHECK(paho.socket->refused() == !answered);
  if (!answered) CHECK(paho.socket->own_packet().empty());
}
