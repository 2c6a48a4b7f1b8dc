// SPDX-License-Identifier: MIT
#include "connection/probe.hpp"

#include "connection/peer.hpp"

#include "catch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <chrono>
#include <vector>

using namespace mqtt_tools::connection;
using namespace std::chrono_literals;
using mqtt_tools::Clock;
using mqtt_tools::Duration;

namespace {

/// What is found about `host` when Paho could not connect to 127.0.0.1.
Cause cause(const Options& options, int port, const std::string& host = "localhost",
            Duration patience = 2s, const std::string& address = "127.0.0.1") {
  return find_cause(options, {host, port}, resolve(address, port).addresses.at(0),
                    Clock::now() + patience);
}

/// A port that nobody listens on: bound, so that nobody else gets it.
class ClosedPort {
 public:
  explicit ClosedPort(int backlog = -1) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&at), size);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    if (backlog < 0) return;

    // A listener that never accepts, with its backlog full: to connect gets no answer.
    ::listen(fd_, backlog);
    for (int client = 0; client < 8; ++client) {
      clients_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      ::connect(clients_.back(), reinterpret_cast<sockaddr*>(&at), size);
    }
  }
  ~ClosedPort() {
    ::close(fd_);
    for (const int client : clients_) ::close(client);
  }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;

  int port() const { return port_; }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::vector<int> clients_{};
  int port_ = 0;
};

Options with_tls(Certificates& files) {
  Options options;
  options.tls.on = true;
  options.tls.ca_file = files.ca();
  return options;
}

TlsServer server(Certificates& files, const std::string& certificate) {
  TlsServer server;
  server.certificate = certificate;
  server.key = files.server_key();
  return server;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a port that nobody listens on refuses the connection") {
  const ClosedPort closed;
  const auto local = cause({}, closed.port());
  CHECK(local.words == "connection refused (is a broker listening there?)");
  CHECK_FALSE(local.lasting);
  CHECK(contains(cause({}, closed.port(), "broker.example").words, "without a `listener` line"));
}

TEST_CASE("a broker that does not answer is given up at the deadline") {
  const ClosedPort full{0};
  const auto begin = Clock::now();
  const auto found = cause({}, full.port(), "localhost", 200ms);
  CHECK(found.words == "no answer in time");
  CHECK_FALSE(found.lasting);
  CHECK(Clock::now() - begin < 1s);
}

TEST_CASE("a plain broker that was asked in plain text has nothing wrong") {
  const Peer closes{answer_with("")};
  CHECK(cause({}, closes.port()).words.empty());
}

TEST_CASE("a TLS broker spoken to in plain text is known by its answer to a hello") {
  Certificates files;
  const Peer peer{serve_tls(server(files, files.server()))};
  const auto found = cause({}, peer.port());
  CHECK(found.words == "a TLS broker spoken to in plain text: use mqtts:// or --tls");
  CHECK(found.lasting);
}

TEST_CASE("a web server on the port of a plain broker is known by its answer") {
  const Peer peer{answer_with("HTTP/1.1 400 Bad Request\r\n\r\n")};
  CHECK(contains(cause({}, peer.port()).words, "a web server"));
}

TEST_CASE("no byte of MQTT is sent in plain text to find a cause") {
  Certificates files;
  std::string heard;
  {
    const Peer peer{listen_to(heard, "")};
    auto options = with_tls(files);
    options.credentials = {"user", "s3cret"};
    cause(options, peer.port());
    options.tls = {};
    cause(options, peer.port());
  }
  CHECK(heard.substr(0, 2) == "\x16\x03");
  CHECK_FALSE(contains(heard, "MQTT"));
  CHECK_FALSE(contains(heard, "s3cret"));
}

TEST_CASE("a handshake that succeeds leaves nothing to say") {
  Certificates files;
  const Peer peer{serve_tls(server(files, files.server()))};
  CHECK(cause(with_tls(files), peer.port()).words == "");

  auto by_path = with_tls(files);
  by_path.tls.ca_file = "";
  by_path.tls.ca_path = files.ca_path();
  CHECK(cause(by_path, peer.port()).words == "");
}

TEST_CASE("each fault of a broker's certificate has its own sentence") {
  Certificates files;
  struct Case {
    std::string certificate;
    std::string host;
    std::string words;
  };
  const std::vector<Case> cases{
      {files.expired(), "localhost", "the broker's certificate expired on 2020-01-02 03:04 UTC"},
      {files.not_yet_valid(), "localhost",
       "the broker's certificate is not valid before 2120-01-02 03:04 UTC (is the clock of this "
       "machine right?)"},
      {files.self_signed(), "localhost",
       "the broker's certificate is self-signed, by 'localhost'; --cafile names one to trust"},
      {files.other_name(), "localhost",
       "the broker's certificate is not for localhost but for other.example, *.more.example"},
      {files.common_name(), "localhost",
       "the broker's certificate is not for localhost but for old.example"},
      {files.server(), "127.0.0.1",
       "the broker's certificate is not for 127.0.0.1 but for localhost"},
      {files.addresses(), "localhost",
       "the broker's certificate is not for localhost but for 127.0.0.1, ::1"},
      {files.addresses(), "127.0.0.2",
       "the broker's certificate is not for 127.0.0.2 but for 127.0.0.1, ::1"},
      {files.addresses(), "127.0.0.1", ""},
      {files.addresses(), "::1", ""},
      {files.other_name(), "a.more.example", ""},
      {files.common_name(), "old.example", ""},
  };
  for (const auto& each : cases) {
    const Peer peer{serve_tls(server(files, each.certificate))};
    const auto found = cause(with_tls(files), peer.port(), each.host);
    CHECK(found.words == each.words);
    CHECK(found.lasting == !each.words.empty());
  }
}

TEST_CASE("an authority that is not ours is named") {
  Certificates files;
  const Peer peer{serve_tls(server(files, files.server()))};
  auto options = with_tls(files);
  options.tls.ca_file = files.other_ca();
  const auto found = cause(options, peer.port());
  CHECK(found.words ==
        "the broker's certificate is from an unknown authority, 'Test CA'; --cafile names one to "
        "trust");
  CHECK(found.lasting);

  options.tls.ca_file = "";  // The system's authorities do not know it either.
  CHECK(contains(cause(options, peer.port()).words, "unknown authority, 'Test CA'"));

  options.tls.verify = false;
  CHECK(cause(options, peer.port()).words.empty());
}

TEST_CASE("a certificate with a short key is refused") {
  Certificates files;
  auto weak = server(files, files.weak());
  weak.key = files.weak_key();
  const Peer peer{serve_tls(weak)};
  CHECK(cause(with_tls(files), peer.port()).words ==
        "the broker's certificate has a key that is too short");
}

TEST_CASE("a plain-text broker spoken to in TLS is told from one that is not there") {
  Certificates files;
  const auto options = with_tls(files);

  const Peer talks{answer_with("\x20\x02")};
  const auto port = "port " + std::to_string(talks.port());
  CHECK(cause(options, talks.port()).words ==
        "the broker on " + port + " does not speak TLS (a plain-text port?)");
  CHECK(cause(options, talks.port()).lasting);

  const Peer closes{answer_with("")};
  CHECK(contains(cause(options, closes.port()).words, "does not speak TLS (a plain-text port?)"));

  const Peer silent{[](int fd) {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
  }};
  const auto quiet = cause(options, silent.port(), "localhost", 100ms);
  CHECK(contains(quiet.words, "no answer to the TLS handshake in time"));
  CHECK_FALSE(quiet.lasting);
}

TEST_CASE("a broker that wants a client certificate says so in every version of TLS") {
  Certificates files;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    INFO(version);
    auto strict = server(files, files.server());
    strict.client_ca = files.ca();
    strict.most = version;
    const Peer peer{serve_tls(strict)};

    auto options = with_tls(files);
    const auto none = cause(options, peer.port());
    CHECK(none.words == "the broker wants a client certificate (--cert and --key)");
    CHECK(none.lasting);

    options.tls.certificate = files.other_client();
    options.tls.key = files.client_key();
    const auto wrong = cause(options, peer.port());
    CHECK(contains(wrong.words, "the broker refuses our certificate " + files.other_client()));
    CHECK(wrong.lasting);

    options.tls.certificate = files.client();
    CHECK(cause(options, peer.port()).words == "");

    options.tls.key = files.encrypted_key();
    options.tls.key_passphrase = Certificates::passphrase();
    CHECK(cause(options, peer.port()).words == "");
  }
}

TEST_CASE("a key that went bad since the start is told as such") {
  Certificates files;
  const Peer peer{serve_tls(server(files, files.server()))};
  auto options = with_tls(files);
  options.tls.certificate = files.client();
  options.tls.key = files.server_key();
  const auto found = cause(options, peer.port());
  CHECK(contains(found.words, files.server_key()));
  CHECK(found.lasting);
}

TEST_CASE("versions and ciphers without overlap are told") {
  Certificates files;
  auto old = server(files, files.server());
  old.least = old.most = TLS1_1_VERSION;
  const Peer peer{serve_tls(old)};
  CHECK(cause(with_tls(files), peer.port()).words ==
        "no TLS version in common with the broker (ours: 1.2 or higher)");

  auto older = server(files, files.server());
  older.most = TLS1_2_VERSION;
  older.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  const Peer narrow{serve_tls(older)};
  auto options = with_tls(files);
  options.tls.minimum = TlsVersion::v1_3;
  CHECK(cause(options, narrow.port()).words ==
        "no TLS version in common with the broker (ours: 1.3)");
  options.tls.minimum = {};
  options.tls.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  CHECK(cause(options, narrow.port()).words == "no cipher in common with the broker");
  options.tls.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  CHECK(cause(options, narrow.port()).words == "");
}

TEST_CASE("a broker that takes none of our application protocols is told") {
  Certificates files;
  auto picky = server(files, files.server());
  picky.alpn = "mqtt";
  const Peer peer{serve_tls(picky)};
  auto options = with_tls(files);
  options.tls.alpn = {"x-amzn-mqtt-ca", "mqtt"};
  CHECK(cause(options, peer.port()).words == "");
  options.tls.alpn = {"x-amzn-mqtt-ca"};
  CHECK(cause(options, peer.port()).words == "the broker takes none of the --tls-alpn protocols");
}

TEST_CASE("a pre-shared key that the broker does not share is told without the key") {
  Certificates files;
  TlsServer sharing;
  sharing.psk = "\x01\x02\x03";
  sharing.most = TLS1_2_VERSION;
  sharing.ciphers = "PSK";
  const Peer peer{serve_tls(sharing)};
  Options options;
  options.tls.on = true;
  options.tls.psk = "010203";
  options.tls.psk_identity = "known";
  CHECK(cause(options, peer.port()).words == "");

  options.tls.psk = "010204";
  CHECK(cause(options, peer.port()).words ==
        "the broker refuses the pre-shared key or its identity 'known'");
  options.tls.psk = "010203";
  options.tls.psk_identity = "stranger";
  CHECK(cause(options, peer.port()).words ==
        "the broker refuses the pre-shared key or its identity 'stranger'");

  const Peer certified{serve_tls(server(files, files.server()))};
  const auto found = cause(options, certified.port());
  CHECK(contains(found.words, "does not take pre-shared keys"));
  CHECK(found.lasting);
}

TEST_CASE("an answer other than 101 to the WebSocket request is repeated") {
  Options options;
  options.transport = Transport::websocket;
  options.websocket_path = "/mqtt?token=s3cret";
  std::string heard;
  {
    const Peer peer{listen_to(heard, "HTTP/1.1 404 Not\x1b Found\r\nX: y\r\n\r\n")};
    options.websocket_headers = {{"X-Key", "value"}};
    const auto found = cause(options, peer.port());
    CHECK(found.words ==
          "the server answered 404 Not\\x1b Found to the WebSocket request for /mqtt");
    CHECK(found.lasting);
  }
  CHECK(heard.rfind("GET /mqtt?token=s3cret HTTP/1.1\r\n", 0) == 0);
  CHECK(contains(heard, "\r\nX-Key: value\r\n"));
  CHECK(contains(heard, "\r\nSec-WebSocket-Protocol: mqtt\r\n"));

  const Peer busy{answer_with("HTTP/1.1 503 Service Unavailable\r\n\r\n")};
  CHECK_FALSE(cause(options, busy.port()).lasting);
  const Peer fine{answer_with("HTTP/1.1 101 Switching Protocols\r\n\r\n")};
  CHECK(cause(options, fine.port()).words.empty());
  const Peer broker{answer_with("\x20\x02\x00\x01")};
  CHECK(contains(cause(options, broker.port()).words, "no answer to the WebSocket request"));
}

TEST_CASE("a WebSocket behind TLS is asked for and one spoken to in plain text is known") {
  Certificates files;
  auto web = server(files, files.server());
  web.answer = "HTTP/1.1 403 Forbidden\r\n\r\n";
  const Peer peer{serve_tls(web)};
  auto options = with_tls(files);
  options.transport = Transport::websocket;
  CHECK(cause(options, peer.port()).words ==
        "the server answered 403 Forbidden to the WebSocket request for /mqtt");
  options.tls = {};
  CHECK(contains(cause(options, peer.port()).words, "a TLS broker spoken to in plain text"));
}

TEST_CASE("what a proxy has to say is told") {
  Options options;
  options.proxy = Proxy{"127.0.0.1", 0, "me", "s3cret"};

  const ClosedPort closed;
  options.proxy->port = closed.port();
  CHECK(cause(options, 1883, "broker.example").words ==
        "cannot reach the proxy 127.0.0.1:" + std::to_string(closed.port()) +
            ": connection refused");

  std::string heard;
  {
    const Peer peer{listen_to(heard, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")};
    options.proxy->port = peer.port();
    const auto found = cause(options, 1883, "broker.example");
    CHECK(found.words == "the proxy 127.0.0.1:" + std::to_string(peer.port()) +
                             " refused: 407 Proxy Authentication Required");
    CHECK(found.lasting);
  }
  CHECK(heard.rfind("CONNECT broker.example:1883 HTTP/1.1\r\n", 0) == 0);
  CHECK(contains(heard, "\r\nProxy-Authorization: Basic bWU6czNjcmV0\r\n"));

  const Peer gateway{answer_with("HTTP/1.1 502 Bad Gateway\r\n\r\n")};
  options.proxy->port = gateway.port();
  CHECK(cause(options, 1883, "broker.example").words ==
        "the proxy 127.0.0.1:" + std::to_string(gateway.port()) + " refused: 502 Bad Gateway");
  CHECK_FALSE(cause(options, 1883, "broker.example").lasting);

  const Peer odd{answer_with("SSH-2.0\r\n\r\n")};
  options.proxy->port = odd.port();
  CHECK(contains(cause(options, 1883, "broker.example").words, "no answer of the proxy"));

  options.proxy = Proxy{"", 3128, {}, {}};
  CHECK(contains(cause(options, 1883, "broker.example").words, "name not found"));
}
