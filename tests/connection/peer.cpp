// SPDX-License-Identifier: MIT
#include "connection/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <openssl/err.h>

namespace {

constexpr int limit_ms = 3000;  // No test waits longer for its other side.

bool wait_for(int fd, short events) {
  pollfd waited{fd, events, 0};
  return ::poll(&waited, 1, limit_ms) > 0;
}

std::string take(int fd) {
  std::array<char, 4096> buffer{};
  if (!wait_for(fd, POLLIN)) return {};
  const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string{};
}

void give(int fd, const std::string& bytes) {
  if (!bytes.empty()) (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

/// Reads until the other side has nothing more to say: closing before would reset.
void drain(int fd) {
  ::shutdown(fd, SHUT_WR);
  while (!take(fd).empty()) {
  }
}

unsigned find_psk(SSL* ssl, const char* identity, unsigned char* key, unsigned size) {
  const auto& server = *static_cast<const TlsServer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (std::string{identity} != "known" || server.psk.size() > size) return 0;
  std::memcpy(key, server.psk.data(), server.psk.size());
  return static_cast<unsigned>(server.psk.size());
}

int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* data) {
  const auto& wanted = static_cast<const TlsServer*>(data)->alpn;
  for (unsigned at = 0; at < offered_size; at += 1U + offered[at]) {
    if (std::string(reinterpret_cast<const char*>(offered + at + 1), offered[at]) == wanted) {
      *chosen = offered + at + 1;
      *size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

using Context = std::shared_ptr<SSL_CTX>;

Context make_server(const std::shared_ptr<TlsServer>& server) {
  Context context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  auto* const raw = context.get();
  SSL_CTX_set_app_data(raw, server.get());
  SSL_CTX_set_security_level(raw, 0);
  SSL_CTX_set_min_proto_version(raw, server->least);
  SSL_CTX_set_max_proto_version(raw, server->most);
  if (!server->ciphers.empty()) SSL_CTX_set_cipher_list(raw, server->ciphers.c_str());
  if (!server->psk.empty()) {
    SSL_CTX_set_psk_server_callback(raw, find_psk);
    return context;
  }
  if (SSL_CTX_use_certificate_file(raw, server->certificate.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(raw, server->key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("no certificate for the test's server");
  }
  if (!server->client_ca.empty()) {
    SSL_CTX_load_verify_file(raw, server->client_ca.c_str());
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  if (!server->alpn.empty()) SSL_CTX_set_alpn_select_cb(raw, choose_protocol, server.get());
  return context;
}

void serve(SSL_CTX* context, const TlsServer& server, int fd) {
  const timeval limit{limit_ms / 1000, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl{SSL_new(context), SSL_free};
  SSL_set_fd(ssl.get(), fd);
  if (SSL_accept(ssl.get()) == 1) {
    std::array<char, 4096> buffer{};
    if (SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size())) > 0 &&
        !server.answer.empty()) {
      SSL_write(ssl.get(), server.answer.data(), static_cast<int>(server.answer.size()));
    }
  }
  ERR_clear_error();
  drain(fd);
}

}  // namespace

Peer::Peer(Act act, const std::string& address) {
  std::signal(SIGPIPE, SIG_IGN);  // As Paho does in the tools.
  const bool six = address.find(':') != std::string::npos;
  sockaddr_in6 at6{};
  sockaddr_in at4{};
  at6.sin6_family = AF_INET6;
  at4.sin_family = AF_INET;
  ::inet_pton(AF_INET6, address.c_str(), &at6.sin6_addr);
  ::inet_pton(AF_INET, address.c_str(), &at4.sin_addr);
  auto* const at = six ? reinterpret_cast<sockaddr*>(&at6) : reinterpret_cast<sockaddr*>(&at4);
  socklen_t size = six ? sizeof at6 : sizeof at4;

  listener_ = ::socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (::bind(listener_, at, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, at, &size) != 0) {
    throw std::runtime_error("no port for the test's peer");
  }
  port_ = ntohs(six ? at6.sin6_port : at4.sin_port);
  thread_ = std::thread{[this, todo = std::move(act)] { run(todo); }};
}

Peer::~Peer() {
  const std::uint64_t one = 1;
  (void)!::write(stop_, &one, sizeof one);
  thread_.join();
  ::close(listener_);
  ::close(stop_);
}

void Peer::run(const Act& act) const {
  for (;;) {
    std::array<pollfd, 2> waited{pollfd{stop_, POLLIN, 0}, pollfd{listener_, POLLIN, 0}};
    if (::poll(waited.data(), waited.size(), -1) < 0 || waited[0].revents != 0) return;
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    act(fd);
    ::close(fd);
  }
}

Peer::Act serve_tls(const TlsServer& server) {
  const auto kept = std::make_shared<TlsServer>(server);
  return [kept, context = make_server(kept)](int fd) { serve(context.get(), *kept, fd); };
}

Peer::Act answer_with(const std::string& answer) {
  return [answer](int fd) {
    take(fd);
    give(fd, answer);
    drain(fd);
  };
}

Peer::Act listen_to(std::string& heard, const std::string& answer) {
  return [&heard, answer](int fd) {
    heard += take(fd);
    give(fd, answer);
    drain(fd);
  };
}
