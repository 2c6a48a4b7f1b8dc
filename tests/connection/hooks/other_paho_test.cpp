// SPDX-License-Identifier: MIT
//
// A Paho that waits, reads and writes in other ways than the one that the hooks were made for: it
// may be slow, but it is never stuck, and nothing comes past the guard. What is stuck here runs
// into the limit of the test.
#include "connection/hooks/other_paho.hpp"

#include "connection/hooks/connection_record.hpp"
#include "connection/hooks/hooks.hpp"
#include "connection/resolver.hpp"

#include "catch.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace mqtt_tools::connection;

namespace {

constexpr int forever = -1;

/// CONNECT of MQTT 3.1.1, client id "t"; what answers it, and a message with QoS 0.
const std::string connect_packet{"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01t", 15};
const std::string connack{"\x20\x02\0\0", 4};
const std::string message{"\x30\x05\0\x01thi", 7};

/// A connection that the library has made, and that has sent CONNECT.
class Connection {
 public:
  explicit Connection(int family = AF_INET)
      : listener_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // The system chooses the port, or the name.
    sockaddr_in at{};
    at.sin_family = static_cast<sa_family_t>(family);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    const socklen_t given = family == AF_UNIX ? sizeof at.sin_family : sizeof at;
    REQUIRE(::bind(listener_, address, given) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, address, &size) == 0);
    fd = other_paho::open_socket(family);
    REQUIRE(fd >= 0);
    REQUIRE(other_paho::connect_socket(fd, address, size) == 0);
    peer = ::accept(listener_, nullptr, nullptr);
    REQUIRE(peer >= 0);
    REQUIRE(other_paho::write(fd, connect_packet.data(), connect_packet.size()) ==
            static_cast<ssize_t>(connect_packet.size()));
  }
  ~Connection() {
    other_paho::close_socket(fd);
    ::close(peer);
    ::close(listener_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void say(const std::string& bytes) const {
    REQUIRE(::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }

  /// With our CONNECT unread: TCP resets the connection (RFC 1122 §4.2.2.13).
  void hang_up() { REQUIRE(::close(std::exchange(peer, -1)) == 0); }

  /// Whether there is something to read for one who asks in this way.
  bool is_readable(int events, int milliseconds) const {
    pollfd asked{fd, static_cast<short>(events), 0};
    return other_paho::wait_for(&asked, 1, milliseconds) == 1 && (asked.revents & POLLIN) != 0;
  }

  std::string read(std::size_t size, int flags = 0) const {
    std::string bytes(size, '\0');
    const auto count = other_paho::receive(fd, bytes.data(), size, flags);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return bytes;
  }

  int fd = -1;
  int peer = -1;

 private:
  int listener_;
};

/// As long as this lives, the library is to connect to `address`.
class Route {
 public:
  explicit Route(const Address& address) {
    hooks::expect(std::make_shared<hooks::ConnectionRecord>(hooks::PacketGuard::Limits{}, address));
  }
  ~Route() { hooks::expect(nullptr); }
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;
};

/// What the library gets when it looks `host` up.
std::vector<std::string> seen_by_the_library(const char* host) {
  std::vector<std::string> seen;
  addrinfo* found = nullptr;
  if (other_paho::look_up(host, "1883", &found) != 0) return seen;
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST] = "";
    ::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    seen.emplace_back(text);
  }
  ::freeaddrinfo(found);
  return seen;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("hooks: the library is given the address that was chosen, whatever name it looks up") {
  for (const std::string address : {"127.0.0.7", "::1", "fe80::7%lo"}) {
    const Route route{resolve(address, 1).addresses.at(0)};
    for (const char* const name : {"broker.invalid", "localhost", "fe80::7"}) {
      CHECK(seen_by_the_library(name) == Texts{address});
    }
  }
  const Route socket{socket_address("/run/broker")};
  CHECK(seen_by_the_library("localhost") == Texts{"127.0.0.1"});
}

TEST_CASE("hooks: where no address was chosen a name is looked up as ever") {
  CHECK(seen_by_the_library("127.0.0.9") == Texts{"127.0.0.9"});
}

TEST_CASE("hooks: our own look-up is not answered with the address that was chosen") {
  const Route route{resolve("127.0.0.7", 1).addresses.at(0)};
  for (const auto& address : resolve("localhost", 1).addresses) {
    CHECK(address.text() != "127.0.0.7");
  }
}

TEST_CASE("hooks: a socket is connected to the address that was chosen, whole") {
  sockaddr_in6 at{};  // The library forgets the zone of an address, and would forget the port here.
  at.sin6_family = AF_INET6;
  at.sin6_addr = in6addr_loopback;
  auto* const own = reinterpret_cast<sockaddr*>(&at);
  socklen_t size = sizeof at;
  const int listener = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int bound = ::bind(listener, own, size);
  if (bound != 0 && errno == EADDRNOTAVAIL) {
    ::close(listener);
    return mqtt_tools::support::skip("there is no IPv6 here");
  }
  REQUIRE(bound == 0);
  REQUIRE(::listen(listener, 1) == 0);
  REQUIRE(::getsockname(listener, own, &size) == 0);
  const Route route{*numeric_address("::1", ntohs(at.sin6_port))};
  const int fd = other_paho::open_socket(AF_INET6);
  REQUIRE(fd >= 0);
  at.sin6_port = htons(1);
  CHECK(other_paho::connect_socket(fd, own, size) == 0);
  other_paho::close_socket(fd);
  ::close(listener);
}

TEST_CASE("hooks: a library in the place of Paho is served and its waits are shortened") {
  CHECK(hooks::in_effect());
  CHECK(std::string{hooks::short_waits_message()}.find("shortened") != std::string::npos);
}

TEST_CASE("hooks: who reads without waiting gets all, in pieces of any size") {
  const Connection connection;
  connection.say(connack + message + message);
  std::string got;
  while (got.size() < connack.size() + 2 * message.size()) got += connection.read(1);
  CHECK(got == connack + message + message);
}

TEST_CASE("hooks: who waits in one way and then in another is told of what was read ahead") {
  const Connection connection;
  connection.say(connack + message);
  REQUIRE(connection.is_readable(POLLIN | POLLNVAL, 1000));  // as Paho 1.3 asks
  CHECK(connection.read(1) == connack.substr(0, 1));
  CHECK(connection.is_readable(POLLIN, forever));
  CHECK(connection.read(1) == connack.substr(1, 1));
  CHECK(connection.is_readable(POLLIN | POLLOUT | POLLPRI, forever));
  CHECK(connection.is_readable(POLLIN | POLLNVAL, 0));
  std::array<pollfd, 20> many{};
  for (auto& one : many) one = {-1, 0, 0};
  many.back() = {connection.fd, POLLIN | POLLNVAL, 0};
  CHECK(other_paho::wait_for(many.data(), many.size(), forever) == 1);
  CHECK(connection.read(100) == connack.substr(2) + message);
}

TEST_CASE("hooks: whatever the flags of a read, nothing comes past the guard") {
  const Connection connection;
  connection.say(connack + message);
  CHECK(connection.is_readable(POLLIN, 1000));
  CHECK(connection.read(connack.size(), MSG_DONTWAIT) == connack);
  for (const int flags : {MSG_PEEK, MSG_WAITALL, MSG_OOB, MSG_TRUNC}) {
    errno = 0;
    char byte = 0;
    CHECK(other_paho::receive(connection.fd, &byte, 1, flags) == -1);
    CHECK(errno == EINVAL);
  }
  CHECK(connection.read(message.size()) == message);
  connection.say({"\x40\x02\0\x07", 4});  // PUBACK for nothing
  CHECK(connection.is_readable(POLLIN, 1000));
  const auto last = connection.read(100, MSG_DONTWAIT | MSG_NOSIGNAL);
  CHECK(last.size() < 4);
  CHECK(connection.read(100, MSG_DONTWAIT).empty());
}

TEST_CASE("hooks: what came before the server closed is read before a write fails") {
  ::signal(SIGPIPE, SIG_IGN);
  Connection connection;
  connection.say(connack + message);
  connection.hang_up();
  const auto write = [&] { return other_paho::write(connection.fd, "\xc0\0", 2); };
  const auto size = connack.size() + message.size();
  for (std::size_t i = 0; i < size; ++i) {
    CAPTURE(i);
    errno = 0;
    CHECK(write() == -1);
    CHECK(errno == EAGAIN);
    CHECK(connection.read(1).size() == 1);
  }
  errno = 0;
  CHECK(write() == -1);
  CHECK(errno == EPIPE);
}

TEST_CASE("hooks: what came is read from a server that only closed its way in") {
  ::signal(SIGPIPE, SIG_IGN);
  Connection connection{AF_UNIX};  // TCP does not tell of it.
  connection.say(connack + message);
  CHECK(connection.read(connack.size()) == connack);
  REQUIRE(::shutdown(connection.peer, SHUT_RD) == 0);
  CHECK(other_paho::write(connection.fd, "\xc0\0", 2) == -1);
  CHECK(errno == EAGAIN);
  pollfd asked{connection.fd, POLLIN | POLLNVAL, 0};
  CHECK(other_paho::wait_for(&asked, 1, 1000) == 1);
  CHECK(asked.revents == (POLLIN | POLLHUP));
  CHECK(connection.read(message.size()) == message);
  CHECK(other_paho::write(connection.fd, "\xc0\0", 2) == -1);
  CHECK(errno == EPIPE);
}

TEST_CASE("hooks: who is blocked waits for room, however often it tries to write") {
  const Connection connection{AF_UNIX};
  REQUIRE(::fcntl(connection.fd, F_SETFL, O_NONBLOCK) == 0);
  const std::string bytes(100'000, 'x');
  while (other_paho::write(connection.fd, bytes.data(), bytes.size()) > 0) continue;
  REQUIRE(errno == EAGAIN);
  pollfd asked{connection.fd, POLLIN | POLLNVAL, 0};
  other_paho::wait_for(&asked, 1, 1);  // That it is blocked is news, once.
  CHECK(other_paho::write(connection.fd, bytes.data(), bytes.size()) == -1);
  const auto start = std::chrono::steady_clock::now();
  CHECK(other_paho::wait_for(&asked, 1, 50) == 0);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds{50});
}

TEST_CASE("hooks: who waits on two conditions is woken on both, and by the clock") {
  struct Waited {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    bool ready = false;
  };
  Waited first;
  Waited second;
  const auto wait = [](Waited& waited, std::chrono::milliseconds time) {
    timespec limit{};
    ::clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += time.count() / 1000;
    limit.tv_nsec += time.count() % 1000 * 1'000'000;
    if (limit.tv_nsec >= 1'000'000'000) limit = {limit.tv_sec + 1, limit.tv_nsec - 1'000'000'000};
    ::pthread_mutex_lock(&waited.mutex);
    int result = 0;
    while (!waited.ready && result == 0) {
      result = other_paho::wait_on(&waited.condition, &waited.mutex, &limit);
    }
    waited.ready = false;
    ::pthread_mutex_unlock(&waited.mutex);
    return result;
  };
  for (auto* waited : {&first, &second, &first}) {
    CHECK(wait(*waited, std::chrono::milliseconds{1}) == ETIMEDOUT);
    std::thread other{[waited] {
      ::pthread_mutex_lock(&waited->mutex);
      waited->ready = true;
      ::pthread_cond_signal(&waited->condition);
      ::pthread_mutex_unlock(&waited->mutex);
    }};
    CHECK(wait(*waited, std::chrono::seconds{30}) == 0);
    other.join();
  }
}

TEST_CASE("hooks: who sleeps more than once, or writes before it waits, goes on") {
  const Connection connection;
  for (int i = 0; i < 3; ++i) CHECK(other_paho::sleep_for(100'000) == 0);
  CHECK(other_paho::sleep_for(1) == 0);
  pollfd writable{connection.fd, POLLOUT, 0};
  CHECK(other_paho::wait_for(&writable, 1, forever) == 1);
  CHECK((writable.revents & POLLOUT) != 0);
  const std::string publish{"\x30\x04\0\x01tx", 6};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(other_paho::write(connection.fd, publish.data(), publish.size()) ==
            static_cast<ssize_t>(publish.size()));
  }
  std::string all(connect_packet.size() + 100 * publish.size(), '\0');
  CHECK(::recv(connection.peer, all.data(), all.size(), MSG_WAITALL) ==
        static_cast<ssize_t>(all.size()));
}

TEST_CASE("hooks: a process that has inherited 300 descriptors connects like any other") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_max < 350) return mqtt_tools::support::skip("so many may not be open here");
  std::vector<int> inherited;
  for (int i = 0; i < 300; ++i) inherited.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  {
    const Connection connection;
    CHECK(connection.fd >= 300);
    connection.say(connack + message);
    CHECK(connection.is_readable(POLLIN | POLLNVAL, 1000));
    CHECK(connection.read(1) == connack.substr(0, 1));
    CHECK(connection.is_readable(POLLIN | POLLNVAL, 1000));
    CHECK(connection.read(100) == connack.substr(1) + message);
  }
  for (const int fd : inherited) ::close(fd);
}

TEST_CASE("hooks: more sockets than there are places for are refused, not served unread") {
  std::vector<int> sockets;
  int fd = 0;
  while ((fd = other_paho::open_socket()) >= 0 && sockets.size() < 100) sockets.push_back(fd);
  CHECK(errno == EMFILE);
  CHECK(sockets.size() < 100);
  for (const int one : sockets) other_paho::close_socket(one);
  const Connection connection;
  CHECK(connection.fd >= 0);
}
