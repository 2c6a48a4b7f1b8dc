// SPDX-License-Identifier: MIT

// The event-driven socket layer under the real Paho, against a broker of a few lines. What it saves
// is counted, not timed. An executable of its own: the hooks act on the whole process.

#include "connection/hooks/hooks.hpp"

#include "catch.hpp"

#include <MQTTAsync.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using mqtt_tools::connection::hooks::counters;

namespace {

/// Paho alone would go to the proxy of whoever runs the tests.
[[maybe_unused]] const int no_proxy = ::unsetenv("http_proxy");

/// Counts up, and waits for a number.
class Tally {
 public:
  void add(int number = 1) {
    const std::lock_guard lock{mutex_};
    number_ += number;
    changed_.notify_all();
  }

  bool reaches(int number) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{30}, [&] { return number_ >= number; });
  }

 private:
  std::mutex mutex_{};
  std::condition_variable changed_{};
  int number_ = 0;
};

/// Takes any number of MQTT 3.1.1 connections, and acknowledges.
class Broker {
 public:
  explicit Broker(bool answers = true) : answers_(answers) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, any, size) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    REQUIRE(::getsockname(listener_, any, &size) == 0);
    uri = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::thread{[this] { accept(); }};
  }

  ~Broker() {
    stopped_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();  // from here on nobody adds to the two lists
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    for (auto& thread : threads_) thread.join();
    for (const int connection : connections_) ::close(connection);
    ::close(listener_);
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// Sends `payload` to the first connection, with QoS 0.
  void send(const std::string& payload) {
    std::string packet{"\x30\0\0\1t", 5};
    packet[1] = static_cast<char>(3 + payload.size());
    packet += payload;
    REQUIRE(::send(connections_.front(), packet.data(), packet.size(), MSG_NOSIGNAL) ==
            ssize_t(packet.size()));
  }

  std::string uri{};
  Tally published{};
  Tally connected{};
  std::atomic<std::uint64_t> bytes{0};
  std::mutex gate{};  ///< Held: nothing is read.

 private:
  void accept() {
    while (!stopped_) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) break;
      connections_.push_back(connection);
      connected.add();
      if (answers_) threads_.emplace_back([this, connection] { serve(connection); });
    }
  }

  static bool read(int connection, void* bytes, std::size_t size) {
    return ::recv(connection, bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size);
  }

  void serve(int connection) {
    for (;;) {
      std::uint8_t kind = 0;
      if (!read(connection, &kind, 1)) return;
      { const std::lock_guard lock{gate}; }
      std::size_t size = 0;
      std::uint8_t digit = 0x80;
      for (unsigned shift = 0; (digit & 0x80) != 0; shift += 7) {
        if (!read(connection, &digit, 1)) return;
        size += static_cast<std::size_t>(digit & 0x7F) << shift;
      }
      std::vector<std::uint8_t> packet(size);
      if (size > 0 && !read(connection, packet.data(), size)) return;
      bytes += size;
      if (!answer(connection, kind, packet)) return;
    }
  }

  bool answer(int connection, std::uint8_t kind, const std::vector<std::uint8_t>& packet) {
    std::vector<std::uint8_t> reply;
    switch (kind >> 4) {
      case 1:
        reply = {0x20, 2, 0, 0};
        break;
      case 3: {
        const std::size_t topic = 2 + packet[0] * 256U + packet[1];
        if ((kind & 6) != 0) reply = {0x40, 2, packet[topic], packet[topic + 1]};
        published.add();
        break;
      }
      case 14:
        ::shutdown(connection, SHUT_RDWR);
        return false;
      default:
        break;
    }
    return reply.empty() ||
           ::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) == ssize_t(reply.size());
  }

  bool answers_;
  std::atomic<bool> stopped_{false};
  int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::vector<int> connections_{};
  std::vector<std::thread> threads_{};
  std::thread acceptor_{};
};

/// A client of Paho's, as little as is needed.
class Client {
 public:
  explicit Client(const std::string& uri) {
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    REQUIRE(MQTTAsync_create(&handle_, uri.c_str(), "t", MQTTCLIENT_PERSISTENCE_NONE, nullptr) ==
            MQTTASYNC_SUCCESS);
    REQUIRE(MQTTAsync_setCallbacks(handle_, this, nullptr, arrive, nullptr) == MQTTASYNC_SUCCESS);
  }
  ~Client() { MQTTAsync_destroy(&handle_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void connect() {
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.context = &connected;
    options.onSuccess = succeeded;
    REQUIRE(MQTTAsync_connect(handle_, &options) == MQTTASYNC_SUCCESS);
  }

  void publish(const std::string& payload, int qos) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = &acknowledged;
    options.onSuccess = succeeded;
    const int size = static_cast<int>(payload.size());
    REQUIRE(MQTTAsync_send(handle_, "t", size, payload.data(), qos, 0, &options) ==
            MQTTASYNC_SUCCESS);
  }

  void disconnect() {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    options.context = &disconnected;
    options.onSuccess = succeeded;
    REQUIRE(MQTTAsync_disconnect(handle_, &options) == MQTTASYNC_SUCCESS);
  }

  Tally connected{};
  Tally acknowledged{};
  Tally disconnected{};
  Tally arrived{};
  std::vector<std::string> payloads{};  ///< Of what arrived; to be read when nothing more comes.

 private:
  static int arrive(void* client, char* topic, int, MQTTAsync_message* message) {
    auto& self = *static_cast<Client*>(client);
    self.payloads.emplace_back(static_cast<const char*>(message->payload),
                               static_cast<std::size_t>(message->payloadlen));
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    self.arrived.add();
    return 1;
  }

  static void succeeded(void* tally, MQTTAsync_successData*) { static_cast<Tally*>(tally)->add(); }

  MQTTAsync handle_ = nullptr;
};

/// Until the kernel did not take a write whole, after `before` that it did not.
void wait_for_short_write(std::uint64_t before) {
  for (int i = 0; i < 10'000 && counters.writes_blocked == before; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

/// This process's connected sockets from `first` to `last` that do not block: Paho's. The broker's
/// own do.
std::vector<int> sockets_of_paho(int first, int last) {
  std::vector<int> sockets;
  for (int descriptor = first; descriptor <= last; ++descriptor) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) != 0 &&
        ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) == 0) {
      sockets.push_back(descriptor);
    }
  }
  return sockets;
}

/// How many of them a started program would get.
int inherited_sockets(int first, int last) {
  int number = 0;
  for (const int descriptor : sockets_of_paho(first, last)) {
    if ((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0) ++number;
  }
  return number;
}

int tcp_option(int descriptor, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(descriptor, IPPROTO_TCP, option, &value, &size);
  return value;
}

/// Nothing is held back on Paho's sockets in the end, neither by Nagle's algorithm nor by us.
void check_that_nothing_is_held_back() {
  const auto sockets = sockets_of_paho(3, 255);
  REQUIRE_FALSE(sockets.empty());
  for (const int descriptor : sockets) {
    CHECK(tcp_option(descriptor, TCP_NODELAY) == 1);
    for (int i = 0; i < 10'000 && tcp_option(descriptor, TCP_CORK) != 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    CHECK(tcp_option(descriptor, TCP_CORK) == 0);
  }
}

}  // namespace

TEST_CASE("a burst is acknowledged with fewer polls and reads than Paho asks for") {
  Broker broker;
  Client client{broker.uri};
  client.connect();
  REQUIRE(client.connected.reaches(1));
  for (int i = 0; i < 200; ++i) client.publish("hello", 1);
  REQUIRE(client.acknowledged.reaches(200));
  // A stream is gathered; what comes after a pause is not.
  std::this_thread::sleep_for(std::chrono::milliseconds{5});
  client.publish("alone", 1);
  REQUIRE(client.acknowledged.reaches(201));
  check_that_nothing_is_held_back();
  client.disconnect();
  REQUIRE(client.disconnected.reaches(1));

  CHECK(broker.published.reaches(201));
  CHECK(mqtt_tools::connection::hooks::waits_shortened());
  CHECK(counters.polls_saved > 200);
  CHECK(counters.reads_saved >= 200);
}

TEST_CASE("a payload beyond the socket's buffers arrives whole though the broker reads late") {
  Broker broker;
  Client client{broker.uri};
  client.connect();
  REQUIRE(client.connected.reaches(1));

  const auto before = counters.writes_blocked.load();
  const std::string payload(16'000'000, 'p');
  {
    const std::lock_guard closed{broker.gate};
    client.publish(payload, 1);
    client.publish("after", 1);
    wait_for_short_write(before);
  }
  CHECK(client.acknowledged.reaches(2));
  CHECK(broker.bytes > payload.size());
  CHECK(counters.writes_blocked > before);
}

// Paho's sending thread sleeps meanwhile, and nobody else tells it; or, now and then, it has not
// gone to sleep yet: then once more.
TEST_CASE("what waits behind a write that the kernel took in parts goes on with its end") {
  Broker broker;
  Client client{broker.uri};
  client.connect();
  REQUIRE(client.connected.reaches(1));

  const auto before = counters.senders_woken.load();
  int rounds = 0;
  while (counters.senders_woken == before && rounds < 100) {
    ++rounds;
    const auto blocked = counters.writes_blocked.load();
    {
      const std::lock_guard closed{broker.gate};
      client.publish(std::string(16'000'000, 'p'), 0);
      for (int i = 0; i < 50; ++i) client.publish("after", 0);
      wait_for_short_write(blocked);
    }
    REQUIRE(broker.published.reaches(51 * rounds));
  }
  CHECK(counters.senders_woken > before);
}

TEST_CASE("a connection made anew begins afresh and without Paho's sleeps") {
  const auto before = counters.waits_removed.load();
  Broker broker;
  Client client{broker.uri};
  int made = 0;
  // Now and then Paho finds something to do each time, and has no reason to sleep.
  while (made < 10 || (counters.waits_removed == before && made < 1'000)) {
    const int i = ++made;
    client.connect();
    REQUIRE(client.connected.reaches(i));
    client.publish("a", 1);
    client.publish("b", 0);
    REQUIRE(client.acknowledged.reaches(2 * i));
    client.disconnect();
    REQUIRE(client.disconnected.reaches(i));
  }
  CHECK(broker.published.reaches(2 * made));
  CHECK(counters.waits_removed > before);
}

TEST_CASE("small messages that come one by one and fast gather, and all arrive in order") {
  Broker broker;
  Client client{broker.uri};
  client.connect();
  REQUIRE(client.connected.reaches(1));

  const auto before = counters.gatherings.load();
  std::vector<std::string> sent;
  while (counters.gatherings == before && sent.size() < 100'000) {
    sent.push_back(std::to_string(sent.size()));
    broker.send(sent.back());
    REQUIRE(client.arrived.reaches(static_cast<int>(sent.size())));
  }
  CHECK(counters.gatherings > before);
  for (int i = 0; i < 100; ++i) {
    sent.push_back("more " + std::to_string(i));
    broker.send(sent.back());
  }
  REQUIRE(client.arrived.reaches(static_cast<int>(sent.size())));
  CHECK(client.payloads == sent);
}

TEST_CASE("a client that waits for a silent broker does not hold up another one") {
  Broker silent{false};
  Broker broker;
  Client waiting{silent.uri};
  Client client{broker.uri};
  waiting.connect();
  REQUIRE(silent.connected.reaches(1));

  client.connect();
  REQUIRE(client.connected.reaches(1));
  for (int i = 0; i < 100; ++i) client.publish("hello", 1);
  CHECK(client.acknowledged.reaches(100));
}

TEST_CASE("programs that are started do not inherit Paho's sockets") {
  Broker broker;
  Client client{broker.uri};
  client.connect();
  REQUIRE(client.connected.reaches(1));
  CHECK(inherited_sockets(3, 200) == 0);
}

TEST_CASE("the calls of others are the kernel's business") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const auto waits = counters.waits_removed.load();
  const auto polls = counters.polls_saved.load();
  const auto reads = counters.reads_saved.load();

  pollfd socket{ends[0], POLLOUT, 0};
  CHECK(::poll(&socket, 1, 0) == 1);
  socket.events = POLLIN | POLLNVAL;
  CHECK(::poll(&socket, 1, 0) == 0);

  char text[] = "abc";
  const iovec part{text, 3};
  CHECK(::writev(ends[1], &part, 1) == 3);
  CHECK(::poll(&socket, 1, 1) == 1);
  CHECK(::recv(ends[0], text, 1, 0) == 1);
  CHECK(::recv(ends[0], text, 3, MSG_PEEK) == 2);  // nothing was read ahead
  const auto begin = std::chrono::steady_clock::now();
  CHECK(::usleep(100'000) == 0);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{100});

  std::mutex mutex;
  std::unique_lock lock{mutex};
  std::condition_variable never;
  const auto limit = std::chrono::system_clock::now() + std::chrono::milliseconds{20};
  CHECK(never.wait_until(lock, limit) == std::cv_status::timeout);
  CHECK(std::chrono::system_clock::now() >= limit);

  CHECK(counters.waits_removed == waits);
  CHECK(counters.polls_saved == polls);
  CHECK(counters.reads_saved == reads);
  ::close(ends[0]);
  ::close(ends[1]);
}

// Run in a process of its own, with MQTT_TOOLS_FAST_IO=0.
TEST_CASE("switched off the layer does nothing and Paho works on", "[.off]") {
  Broker broker;
  Client client{broker.uri};
  client.connect();
  REQUIRE(client.connected.reaches(1));
  client.publish("hello", 1);
  REQUIRE(client.acknowledged.reaches(1));
  check_that_nothing_is_held_back();

  CHECK_FALSE(mqtt_tools::connection::hooks::waits_shortened());
  CHECK(counters.waits_removed == 0);
  CHECK(counters.polls_saved == 0);
  CHECK(counters.reads_saved == 0);
  CHECK(counters.gatherings == 0);
}
