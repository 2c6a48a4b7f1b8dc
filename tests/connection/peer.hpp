// SPDX-License-Identifier: MIT
#pragma once

#include "support/certificates.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <openssl/ssl.h>

/// The other side of connections on a loopback port of its own: does one thing to each of them.
class Peer {
 public:
  using Act = std::function<void(int fd)>;

  explicit Peer(Act act, const std::string& address = "127.0.0.1");
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  int port() const { return port_; }

 private:
  void run(const Act& act) const;

  int listener_ = -1;
  int stop_ = -1;
  int port_ = 0;
  std::thread thread_{};
};

/// What a TLS server is like.
struct TlsServer {
  std::string certificate{};
  std::string key{};
  std::string client_ca{};  ///< Asks for client certificates of this authority.
  std::string ciphers{};
  int least = TLS1_2_VERSION;
  int most = TLS1_3_VERSION;
  std::string psk{};     ///< Bytes; then there is no certificate.
  std::string alpn{};    ///< The only protocol that it takes.
  std::string answer{};  ///< To the first bytes that come.
};

/// Shakes hands, answers the first bytes, and waits for the end.
Peer::Act serve_tls(const TlsServer& server);

/// Answers the first bytes with `answer`, and closes.
Peer::Act answer_with(const std::string& answer);

/// Keeps what was said to it.
Peer::Act listen_to(std::string& heard, const std::string& answer);
