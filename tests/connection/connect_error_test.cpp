// SPDX-License-Identifier: MIT
//
// From what happens on a connection to the sentence about it. TLS is spoken with a real server,
// through the functions that the hooks call around OpenSSL's.
#include "connection/connect_error.hpp"

#include "connection/hooks/tls_handshake.hpp"
#include "connection/peer.hpp"
#include "connection/tls/context.hpp"

#include "catch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <memory>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>

using namespace mqtt_tools::connection;
using namespace std::chrono_literals;
using hooks::ConnectionFacts;
using hooks::ConnectionRecord;
using mqtt_tools::Clock;
using Kind = ConnectError::Kind;

namespace {

/// A plain connection that was closed without a byte.
ConnectionFacts closed() {
  ConnectionFacts facts;
  facts.connected = true;
  facts.closed = true;
  return facts;
}

ConnectionFacts failed(int error) {
  ConnectionFacts facts;
  facts.error = error;
  return facts;
}

ConnectionFacts answered(const std::string& answer) {
  auto facts = closed();
  facts.answer = answer;
  return facts;
}

ConnectError about(const ConnectionFacts& facts, const Options& options = {},
                   const std::string& host = "localhost", int port = 1883) {
  return explain(facts, options, {host, port});
}

/// What is found about a plain connection to `port` that was closed without a byte.
ConnectError asked(const Options& options, int port) {
  return explain(closed(), options, {"localhost", port}, resolve("127.0.0.1", port).addresses.at(0),
                 Clock::now() + 2s);
}

/// A port that nobody listens on: bound, so that nobody else gets it.
class ClosedPort {
 public:
  ClosedPort() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&at), size);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  ~ClosedPort() { ::close(fd_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;

  int port() const { return port_; }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

std::string alpn_list(const Tls& tls) {
  std::string list;
  for (const auto& name : tls.alpn) list += static_cast<char>(name.size()) + name;
  return list;
}

unsigned our_psk(SSL* ssl, const char* /*hint*/, char* identity, unsigned identity_size,
                 unsigned char* key, unsigned key_size) {
  const auto* const tls = static_cast<const Tls*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  return give_psk(*tls, identity, identity_size, key, key_size);
}

/// A context set up as Paho sets its own up. It refers to `tls`.
TlsContext client_context(const Tls& tls) {
  auto context = new_context();
  auto* const raw = context.get();
  SSL_CTX_set_app_data(raw, const_cast<Tls*>(&tls));
  SSL_CTX_set_min_proto_version(raw, minimum_version(tls));
  REQUIRE(SSL_CTX_set_cipher_list(raw, cipher_list(tls).c_str()) == 1);
  if (tls.psk) {
    SSL_CTX_set_max_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_psk_client_callback(raw, our_psk);
  }
  SSL_CTX_set_default_verify_paths(raw);
  if (!tls.ca_file.empty() || !tls.ca_path.empty()) {
    REQUIRE(SSL_CTX_load_verify_locations(raw, tls.ca_file.empty() ? nullptr : tls.ca_file.c_str(),
                                          tls.ca_path.empty() ? nullptr : tls.ca_path.c_str()) ==
            1);
  }
  if (!tls.certificate.empty()) {
    auto passphrase = tls.key_passphrase.value_or("");
    SSL_CTX_set_default_passwd_cb_userdata(raw, passphrase.data());
    const auto& key = tls.key.empty() ? tls.certificate : tls.key;
    REQUIRE(SSL_CTX_use_certificate_chain_file(raw, tls.certificate.c_str()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  return context;
}

/// What is recorded when a handshake is made with a server on `port`, and after it a byte sent, by
/// the calls that Paho makes and those that hooks.cpp makes around them.
ConnectionFacts shake_hands(const Options& options, int port, const std::string& host,
                            std::chrono::milliseconds patience) {
  const auto record = std::make_shared<ConnectionRecord>(hooks::PacketGuard::Limits{});
  const auto context = client_context(options.tls);
  const bool verify = options.tls.verify && !options.tls.psk;
  SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);

  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{0, std::chrono::microseconds{patience}.count()};
  if (patience < 1s) ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const auto address = resolve("127.0.0.1", port).addresses.at(0);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0);
  record->note([](ConnectionFacts& facts) { facts.connected = true; });
  {
    const std::unique_ptr<SSL, void (*)(SSL*)> ssl{SSL_new(context.get()), SSL_free};
    SSL_set_fd(ssl.get(), fd);
    auto named = host;
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, named.data());
    const auto alpn = alpn_list(options.tls);
    if (!alpn.empty()) {
      SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
    }
    const auto note = [&](int result) {
      const auto left_for_paho = ERR_peek_error();
      hooks::note_result(ssl.get(), result, *record);
      CHECK(ERR_peek_error() == left_for_paho);
    };
    hooks::prepare_handshake(ssl.get(), record);
    const int result = SSL_connect(ssl.get());
    note(result);
    char byte = 'x';
    if (result == 1) {
      note(SSL_write(ssl.get(), &byte, 1));
      note(SSL_read(ssl.get(), &byte, 1));
    }
    ERR_clear_error();
  }
  ::close(fd);
  return record->facts();
}

ConnectError cause(const Options& options, int port, const std::string& host = "localhost",
                   std::chrono::milliseconds patience = 1s) {
  return about(shake_hands(options, port, host, patience), options, host, port);
}

bool is_good(const ConnectError& found) {
  return found.kind == Kind::closed && found.message == "the connection was closed during CONNECT";
}

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
  const auto local = about(failed(ECONNREFUSED));
  CHECK(local.message == "connection refused (is a broker listening there?)");
  CHECK(local.kind == Kind::unreachable);
  CHECK(contains(about(failed(ECONNREFUSED), {}, "broker.example").message,
                 "without a `listener` line"));
}

TEST_CASE("each errno of connect has its own sentence") {
  CHECK(about(failed(ENETUNREACH)).message == "no route there from this machine's network");
  CHECK(about(failed(EAFNOSUPPORT)).message == "this machine has no address of that kind");
  CHECK(about(failed(EACCES)).message == "not permitted on this machine (a firewall?)");
  CHECK(about(failed(ECONNRESET)).message == "the connection was reset");
  CHECK(about(failed(EMFILE)).message == "Too many open files (ulimit -n sets how many)");
}

TEST_CASE("a broker that does not answer is told as such") {
  for (const auto& facts : {failed(0), failed(ETIMEDOUT)}) {
    CHECK(about(facts).message == "no answer in time");
    CHECK(about(facts).kind == Kind::unreachable);
  }
  ConnectionFacts silent;
  silent.connected = true;
  CHECK(about(silent).message == "no answer in time");
  CHECK(about(silent).kind == Kind::unreachable);
}

TEST_CASE("a plain broker that was asked in plain text has nothing wrong") {
  const Peer closes{answer_with("")};
  const auto found = asked({}, closes.port());
  CHECK(found.kind == Kind::closed);
  CHECK(found.message ==
        "the connection was closed during CONNECT (TLS port spoken to in plain text?)");
  const ClosedPort gone;
  CHECK(asked({}, gone.port()).message == found.message);
}

TEST_CASE("a broker that closes where MQTT 5 is needed is told by what needs it") {
  Options options;
  options.version_5_only = "--session-expiry";
  CHECK(about(closed(), options).message ==
        "the connection was closed during CONNECT of MQTT 5, which --session-expiry needs (perhaps "
        "the broker speaks MQTT 3.1.1 only)");
  options.version_5_only.clear();
  options.version = Version::v5;
  CHECK(contains(about(closed(), options).message, "which -V 5 asks for"));
  ConnectionFacts silent;
  silent.connected = true;
  CHECK(about(silent, options).message ==
        "no answer in time to CONNECT of MQTT 5, which -V 5 asks for (perhaps the broker speaks "
        "MQTT 3.1.1 only)");
  options.version = Version::v3_1_1;
  CHECK_FALSE(contains(about(closed(), options).message, "MQTT 5"));
}

TEST_CASE("a TLS broker spoken to in plain text is known by its answer to a hello") {
  Certificates files;
  const Peer peer{serve_tls(server(files, files.server()))};
  const auto found = asked({}, peer.port());
  CHECK(found.message == "a TLS broker spoken to in plain text: use mqtts:// or --tls");
  CHECK(found.kind == Kind::lasting);
  CHECK(about(answered({"\x15\x03\x03\0\x02\x02\x0a", 7})).message == found.message);
}

TEST_CASE("a web server on the port of a plain broker is known by its answer") {
  const Peer peer{answer_with("HTTP/1.1 400 Bad Request\r\n\r\n")};
  const auto found = asked({}, peer.port());
  CHECK(contains(found.message, "a web server"));
  CHECK(found.kind == Kind::lasting);
  CHECK(contains(about(answered("HTTP/1.1 400 Bad Request\r\n\r\n")).message, "a web server"));
}

TEST_CASE("an answer that ends or stops in the middle is no sign of TLS") {
  auto facts = answered(std::string{"\x20\x03", 2});
  CHECK(about(facts).message == "the connection was closed during CONNECT, amid the answer");
  facts.closed = false;
  CHECK(about(facts).message == "only part of an answer in time");
}

TEST_CASE("who closes a connection over a Unix-domain socket is not asked for TLS") {
  Endpoint endpoint;
  endpoint.socket_path = "/run/broker.sock";
  CHECK(explain(closed(), {}, endpoint).message == "the connection was closed during CONNECT");
}

TEST_CASE("a server that is no broker is told by what it said first") {
  auto facts = answered("SSH-2.0-OpenSSH\x1b_9.2\r\nmore");
  facts.violation = "a PUBREC before CONNACK; MQTT 5.0 §3.2";
  const auto found = about(facts);
  CHECK(found.message ==
        "the server said \"SSH-2.0-OpenSSH\\x1b_9.2\": that is not an MQTT broker");
  CHECK(found.kind == Kind::lasting);

  facts.answer = {"\x20\x03", 2};
  CHECK(about(facts).message == "sent a PUBREC before CONNACK; MQTT 5.0 §3.2");
  CHECK(about(facts).kind == Kind::violation);
}

TEST_CASE("no byte of MQTT is sent in plain text to find a cause") {
  std::string heard;
  {
    const Peer peer{listen_to(heard, "")};
    Options options;
    options.credentials = {"user", "s3cret"};
    asked(options, peer.port());
  }
  CHECK(heard.substr(0, 2) == "\x16\x03");
  CHECK_FALSE(contains(heard, "MQTT"));
  CHECK_FALSE(contains(heard, "s3cret"));
}

TEST_CASE("nobody is asked a second time but where a plain connection was closed without a byte") {
  int connections = 0;
  {
    const Peer peer{[&connections](int) { ++connections; }};
    const Endpoint endpoint{"localhost", peer.port()};
    const auto address = resolve("127.0.0.1", peer.port()).addresses.at(0);
    const auto ask = [&](const ConnectionFacts& facts, const Options& options) {
      (void)explain(facts, options, endpoint, address, Clock::now() + 2s);
    };
    Options secure;
    secure.tls.on = true;
    ask(closed(), secure);
    Options behind_proxy;
    behind_proxy.proxy = Proxy{"127.0.0.1", peer.port(), {}, {}};
    ask(closed(), behind_proxy);
    ask(failed(ECONNREFUSED), {});
    ask(failed(0), {});
    ask(answered("\x20"), {});
    CHECK(connections == 0);
    ask(closed(), {});
  }
  CHECK(connections == 1);
}

TEST_CASE("a web server that does not understand a ClientHello may take a WebSocket yet") {
  Options options;
  options.transport = Transport::websocket;
  const Peer peer{answer_with("HTTP/1.0 403 Forbidden\r\n\r\n")};
  const auto found = asked(options, peer.port());
  CHECK(found.message == about(closed(), options).message);
  CHECK(found.kind == Kind::unreachable);
}

TEST_CASE("a handshake that succeeds leaves nothing to say") {
  Certificates files;
  const Peer peer{serve_tls(server(files, files.server()))};
  CHECK(is_good(cause(with_tls(files), peer.port())));

  auto by_path = with_tls(files);
  by_path.tls.ca_file = "";
  by_path.tls.ca_path = files.ca_path();
  CHECK(is_good(cause(by_path, peer.port())));
}

TEST_CASE("each fault of a broker's certificate has its own sentence") {
  Certificates files;
  struct Case {
    std::string certificate;
    std::string host;
    std::string message;
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
    CAPTURE(each.host, each.message);
    const Peer peer{serve_tls(server(files, each.certificate))};
    const auto found = cause(with_tls(files), peer.port(), each.host);
    if (each.message.empty()) {
      CHECK(is_good(found));
    } else {
      CHECK(found.message == each.message);
      CHECK(found.kind == Kind::lasting);
    }
  }
}

TEST_CASE("an authority that is not ours is named") {
  Certificates files;
  const Peer peer{serve_tls(server(files, files.server()))};
  auto options = with_tls(files);
  options.tls.ca_file = files.other_ca();
  const auto found = cause(options, peer.port());
  CHECK(found.message ==
        "the broker's certificate is from an unknown authority, 'Test CA'; --cafile names one to "
        "trust");
  CHECK(found.kind == Kind::lasting);

  options.tls.ca_file = "";  // The system's authorities do not know it either.
  CHECK(contains(cause(options, peer.port()).message, "unknown authority, 'Test CA'"));

  options.tls.verify = false;
  CHECK(is_good(cause(options, peer.port())));
}

TEST_CASE("a certificate with a short key is refused") {
  Certificates files;
  auto weak = server(files, files.weak());
  weak.key = files.weak_key();
  const Peer peer{serve_tls(weak)};
  CHECK(cause(with_tls(files), peer.port()).message ==
        "the broker's certificate has a key that is too short");
}

TEST_CASE("a plain-text broker spoken to in TLS is told from one that is not there") {
  Certificates files;
  const auto options = with_tls(files);

  const Peer talks{answer_with("\x20\x02")};
  const auto port = "port " + std::to_string(talks.port());
  const auto plain = cause(options, talks.port());
  CHECK(plain.message == "the broker on " + port + " does not speak TLS (a plain-text port?)");
  CHECK(plain.kind == Kind::lasting);

  const Peer closes{answer_with("")};
  CHECK(contains(cause(options, closes.port()).message, "does not speak TLS (a plain-text port?)"));
  CHECK(cause(options, closes.port()).kind == Kind::unreachable);

  const Peer mail{answer_with("220 mail.example ESMTP\r\n")};
  CHECK(contains(cause(options, mail.port()).message,
                 "(a plain-text port?): it said \"220 mail.example ESMTP\""));

  const Peer silent{[](int fd) {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
  }};
  const auto quiet = cause(options, silent.port(), "localhost", 100ms);
  CHECK(contains(quiet.message, "no answer to the TLS handshake in time"));
  CHECK(quiet.kind == Kind::unreachable);
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
    CHECK(none.message == "the broker wants a client certificate (--cert and --key)");
    CHECK(none.kind == Kind::lasting);

    options.tls.certificate = files.other_client();
    options.tls.key = files.client_key();
    const auto wrong = cause(options, peer.port());
    CHECK(contains(wrong.message, "the broker refuses our certificate " + files.other_client()));
    CHECK(wrong.kind == Kind::lasting);

    options.tls.certificate = files.client();
    CHECK(is_good(cause(options, peer.port())));

    options.tls.key = files.encrypted_key();
    options.tls.key_passphrase = Certificates::passphrase();
    CHECK(is_good(cause(options, peer.port())));
  }
}

TEST_CASE("a broker that closes after it asked for a client certificate may have wanted one") {
  auto facts = closed();
  facts.tls.begun = facts.tls.done = facts.tls.certificate_asked = true;
  facts.tls.first_bytes = "\x16\x03\x03";
  Options options;
  options.tls.on = true;
  CHECK(about(facts, options).kind == Kind::closed);
  CHECK(contains(about(facts, options).message, "asked for a client certificate"));
}

TEST_CASE("a key that went bad since the start is told as such") {
  Certificates files;
  auto options = with_tls(files);
  options.tls.certificate = files.client();
  options.tls.key = files.server_key();
  const auto found = about(closed(), options);  // Paho does not begin TLS then.
  CHECK(contains(found.message, files.server_key()));
  CHECK(found.kind == Kind::lasting);
}

TEST_CASE("versions and ciphers without overlap are told") {
  Certificates files;
  auto old = server(files, files.server());
  old.least = old.most = TLS1_1_VERSION;
  const Peer peer{serve_tls(old)};
  CHECK(cause(with_tls(files), peer.port()).message ==
        "no TLS version in common with the broker (ours: 1.2 or higher)");

  auto older = server(files, files.server());
  older.most = TLS1_2_VERSION;
  older.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  const Peer narrow{serve_tls(older)};
  auto options = with_tls(files);
  options.tls.minimum = TlsVersion::v1_3;
  CHECK(cause(options, narrow.port()).message ==
        "no TLS version in common with the broker (ours: 1.3)");
  options.tls.minimum = {};
  options.tls.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  CHECK(cause(options, narrow.port()).message == "no cipher in common with the broker");
  options.tls.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  CHECK(is_good(cause(options, narrow.port())));
}

TEST_CASE("a broker that takes none of our application protocols is told") {
  Certificates files;
  auto picky = server(files, files.server());
  picky.alpn = "mqtt";
  const Peer peer{serve_tls(picky)};
  auto options = with_tls(files);
  options.tls.alpn = {"x-amzn-mqtt-ca", "mqtt"};
  CHECK(is_good(cause(options, peer.port())));
  options.tls.alpn = {"x-amzn-mqtt-ca"};
  CHECK(cause(options, peer.port()).message == "the broker takes none of the --tls-alpn protocols");
}

TEST_CASE("each reason why there is no handshake has its own sentence") {
  Tls plain;
  Tls with_certificate;
  with_certificate.certificate = "c.pem";
  Tls with_key;
  with_key.psk = "00ff";
  with_key.psk_identity = "me";
  const auto told = [](HandshakeFacts facts, const Tls& tls) {
    CHECK(is_explained(facts));
    return handshake_message(facts, tls, "h.example");
  };
  const auto alert = [](int number, bool asked = false) {
    HandshakeFacts facts;
    facts.alert = number;
    facts.certificate_asked = asked;
    return facts;
  };
  const auto reason = [](int number) {
    HandshakeFacts facts;
    facts.reason = number;
    facts.reason_text = "as OpenSSL says";
    return facts;
  };
  CHECK(told(alert(SSL_AD_CERTIFICATE_REVOKED, true), with_certificate) ==
        "the broker refuses our certificate c.pem: certificate revoked");
  CHECK(told(alert(SSL_AD_CERTIFICATE_REVOKED), with_certificate) ==
        "the broker ended the TLS handshake: certificate revoked");
  CHECK(told(alert(SSL_AD_UNKNOWN_CA, true), plain) ==
        "the broker wants a client certificate (--cert and --key)");
  CHECK(told(alert(SSL_AD_HANDSHAKE_FAILURE), plain) == "no cipher in common with the broker");
  CHECK(told(alert(SSL_AD_INSUFFICIENT_SECURITY), with_key) ==
        "no cipher in common with the broker: it does not take pre-shared keys");
  CHECK(told(alert(SSL_AD_ILLEGAL_PARAMETER), plain) ==
        "the broker ended the TLS handshake: illegal parameter");
  CHECK(told(alert(99), plain) == "the broker ended the TLS handshake: alert 99");
  CHECK(told(alert(SSL_AD_UNRECOGNIZED_NAME), plain) ==
        "the broker has no certificate for the name h.example");
  CHECK(told(reason(SSL_R_NO_PROTOCOLS_AVAILABLE), with_key) ==
        "the broker does not speak TLS 1.2, which a pre-shared key needs");
  CHECK(told(reason(SSL_R_WRONG_CIPHER_RETURNED), plain) == "no cipher in common with the broker");
  CHECK(told(reason(SSL_R_LENGTH_MISMATCH), plain) == "the TLS handshake failed: as OpenSSL says");
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
  CHECK(is_good(cause(options, peer.port())));

  options.tls.psk = "010204";
  CHECK(cause(options, peer.port()).message ==
        "the broker refuses the pre-shared key or its identity 'known'");
  options.tls.psk = "010203";
  options.tls.psk_identity = "stranger";
  CHECK(cause(options, peer.port()).message ==
        "the broker refuses the pre-shared key or its identity 'stranger'");

  const Peer certified{serve_tls(server(files, files.server()))};
  const auto found = cause(options, certified.port());
  CHECK(contains(found.message, "does not take pre-shared keys"));
  CHECK(found.kind == Kind::lasting);
}

TEST_CASE("an answer other than 101 to the WebSocket request is repeated") {
  Options options;
  options.transport = Transport::websocket;
  options.websocket_path = "/mqtt?token=s3cret";
  auto facts = closed();
  facts.upgrade_answer = "HTTP/1.1 404 Not\x1b Found\r\nX: y\r\n\r\n";
  CHECK(about(facts, options).message ==
        "the server answered 404 Not\\x1b Found to the WebSocket request for /mqtt (is the path "
        "right? "
        "-L ws://HOST/PATH)");
  CHECK(about(facts, options).kind == Kind::lasting);

  facts.upgrade_answer = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
  CHECK(about(facts, options).kind == Kind::unreachable);
  facts.upgrade_answer = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  CHECK(about(facts, options).message ==
        "the answer to the WebSocket request is not a valid one (wrong Sec-WebSocket-Accept, or "
        "not HTTP/1.1)");
  CHECK(about(facts, options).kind == Kind::lasting);
  facts.connect_sent = true;
  CHECK(about(facts, options).kind == Kind::closed);
  facts.upgrade_answer = {"\x20\x02\x00\x01", 4};
  CHECK(contains(about(facts, options).message, "no answer to the WebSocket request"));
  facts.upgrade_answer.clear();
  CHECK(about(facts, options).message ==
        "no answer to the WebSocket request: it closed the connection");
  CHECK(about(facts, options).kind == Kind::unreachable);
  facts.closed = false;
  CHECK(about(facts, options).message == "no answer to the WebSocket request: timed out");
}

TEST_CASE("a redirection of a WebSocket request is told, without what may be secret in it") {
  Options options;
  options.transport = Transport::websocket;
  const auto told = [&](const std::string& lines) {
    auto facts = closed();
    facts.upgrade_answer = "HTTP/1.1 301 Moved Permanently\r\nServer: x\r\n" + lines;
    return about(facts, options).message;
  };
  const std::string words =
      "the server answered 301 Moved Permanently to the WebSocket request for /mqtt";
  CHECK(told("location: https://me:s3cret@b.example/ws?token=s3cret\r\n\r\n") ==
        words + ", which points to \"https://*@b.example/ws?*\"");
  CHECK(told("Location: /\x1b[2J\r\n\r\n") == words + ", which points to \"/\\x1b[2J\"");
  CHECK(told("Location: /" + std::string(500, 'x') + "\r\n\r\n").size() < words.size() + 130);
  CHECK(told("Location: https://b.example/?tok") == words);  // Cut off: what it is is not known.
  CHECK(told("X: y\r\n\r\n") == words);
}

TEST_CASE("an answer to a WebSocket request says what to do, and whether to ask again") {
  Options options;
  options.transport = Transport::websocket;
  const auto found = [&](const std::string& status) {
    auto facts = closed();
    facts.upgrade_answer = "HTTP/1.1 " + status + "\r\n\r\n";
    return about(facts, options);
  };
  CHECK(contains(found("401 Unauthorized").message,
                 "(a login or an Origin is missing? --ws-header)"));
  CHECK(contains(found("426 Upgrade Required").message, "(is the path right? -L ws://HOST/PATH)"));
  CHECK(contains(found("502 Bad Gateway").message, "(is the broker behind it up?)"));
  for (const auto* later : {"408 Timeout", "425 Too Early", "429 Too Many Requests", "500 Error"}) {
    CHECK(found(later).kind == Kind::unreachable);
  }
  for (const auto* never : {"301 Moved", "400 Bad Request", "401 Unauthorized", "426 Upgrade"}) {
    CHECK(found(never).kind == Kind::lasting);
  }
}

TEST_CASE("a WebSocket behind TLS is asked for and one spoken to in plain text is known") {
  Certificates files;
  auto options = with_tls(files);
  options.transport = Transport::websocket;
  auto facts = closed();
  facts.tls.begun = facts.tls.done = true;
  facts.upgrade_answer = "HTTP/1.1 403 Forbidden\r\n\r\n";
  CHECK(about(facts, options).message ==
        "the server answered 403 Forbidden to the WebSocket request for /mqtt (a login or an "
        "Origin is missing? --ws-header)");

  const Peer peer{serve_tls(server(files, files.server()))};
  options.tls = {};
  const std::string message = "a TLS broker spoken to in plain text: use wss:// or --tls";
  CHECK(asked(options, peer.port()).message == message);
  facts.upgrade_answer = {"\x15\x03\x03\0\x02\x02\x0a", 7};
  facts.violation = "bytes that are not an HTTP answer; RFC 6455 §4.1";
  CHECK(about(facts, options).message == message);
}

TEST_CASE("no port is told of a Unix-domain socket, and no URL that it cannot have") {
  Options options;
  const auto found = [&](const ConnectionFacts& facts) {
    return explain(facts, options, {"localhost", 0, "/run/broker.sock"}).message;
  };
  CHECK(found(answered("HTTP/1.1 400 Bad Request\r\n\r\n")) ==
        "a web server answers on this socket (for MQTT over WebSocket: --ws)");
  CHECK(found(answered("\x15\x03\x03")) == "a TLS broker spoken to in plain text: use --tls");
  options.tls.on = true;
  auto facts = closed();
  facts.tls.begun = true;
  CHECK(found(facts) ==
        "the broker on this socket does not speak TLS (a plain-text socket?): it closed the "
        "connection");
  facts.closed = false;
  CHECK(found(facts) == "no answer to the TLS handshake in time (does this socket speak TLS?)");
}

TEST_CASE("what a proxy has to say is told") {
  Options options;
  options.proxy = Proxy{"127.0.0.1", 3128, "me", "s3cret"};
  const auto found = [&](const ConnectionFacts& facts) {
    return about(facts, options, "broker.example");
  };
  CHECK(found(failed(ECONNREFUSED)).message ==
        "cannot reach the proxy 127.0.0.1:3128: connection refused");
  CHECK(found(failed(0)).message == "cannot reach the proxy 127.0.0.1:3128: no answer in time");

  auto facts = closed();
  facts.proxy_answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
  CHECK(found(facts).message ==
        "the proxy 127.0.0.1:3128 refused: 407 Proxy Authentication Required (check the user name "
        "and the password of --http-proxy)");
  CHECK(found(facts).kind == Kind::lasting);
  facts.proxy_answer = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
  CHECK(found(facts).message == "the proxy 127.0.0.1:3128 refused: 502 Bad Gateway");
  CHECK(found(facts).kind == Kind::unreachable);
  facts.proxy_answer = "SSH-2.0\r\n\r\n";
  CHECK(contains(found(facts).message, "no answer from the proxy"));
  facts.proxy_answer = "HTTP/1.1 204 No Content\r\n\r\n";
  CHECK(found(facts).message == "the proxy 127.0.0.1:3128 refused: 204 No Content");
  facts.proxy_answer = "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n";
  CHECK(found(facts).message == "the server said \"SSH-2.0-x\": that is not an MQTT broker");
  facts.proxy_answer = "HTTP/1.1 200 OK\r\n\r\n";
  CHECK(found(facts).kind == Kind::closed);

  facts.proxy_answer.clear();
  facts.closed = false;
  CHECK(found(facts).message == "no answer from the proxy 127.0.0.1:3128: timed out");
}
