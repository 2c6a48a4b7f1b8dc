// SPDX-License-Identifier: MIT
#include "support/server.hpp"

#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <openssl/err.h>

namespace mqtt_tools::support {

TlsContext make_tls_context(const std::string& certificate, const std::string& key) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL.
  TlsContext context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  if (SSL_CTX_use_certificate_file(context.get(), certificate.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error{"no certificate for a server: " + certificate};
  }
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

bool Channel::wait(short events) {
  std::array<pollfd, 2> waited{pollfd{fd_.get(), events, 0}, pollfd{leaving_.fd(), POLLIN, 0}};
  poll(waited.data(), waited.size(), -1);
  ended_ = ended_ || waited[1].revents != 0;
  return !ended_;
}

/// Whether a call of OpenSSL that gave `result` is to be made again; it waits for that.
bool Channel::retry(int result) {
  const int error = SSL_get_error(tls_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) return wait(POLLIN);
  if (error == SSL_ERROR_WANT_WRITE) return wait(POLLOUT);
  ended_ = true;
  return false;
}

bool Channel::shake_hands(const TlsContext& context) {
  tls_.reset(SSL_new(context.get()));
  SSL_set_fd(tls_.get(), fd_.get());
  int result = 0;
  do {
    result = SSL_accept(tls_.get());
  } while (result != 1 && retry(result));
  return result == 1;
}

std::string Channel::take() {
  std::string text;
  std::array<char, 65536> buffer;
  while (!ended_) {
    if (tls_) {
      const int size = SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()));
      const int error = size > 0 ? SSL_ERROR_NONE : SSL_get_error(tls_.get(), size);
      ERR_clear_error();
      if (error == SSL_ERROR_WANT_READ) break;
      ended_ = size <= 0;
      if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
    } else {
      const auto size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size < 0 && errno == EAGAIN) break;
      ended_ = size <= 0;
      if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
      break;
    }
  }
  return text;
}

std::string Channel::take_head() {
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos && wait(POLLIN)) head += take();
  return head;
}

void Channel::give(std::string_view text) {
  while (!text.empty() && !ended_) {
    if (tls_) {
      const int size = SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()));
      if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
      if (size <= 0) retry(size);
    } else {
      const auto size = send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
      if (size < 0 && errno == EAGAIN) wait(POLLOUT);
      if (size < 0 && errno != EAGAIN) ended_ = true;
    }
  }
}

void Channel::close() {
  if (tls_ && !ended_) SSL_shutdown(tls_.get());
  ERR_clear_error();
  ended_ = true;
  // Unread bytes would turn the close into a reset.
  std::array<char, 65536> buffer;
  shutdown(fd_.get(), SHUT_WR);
  while (recv(fd_.get(), buffer.data(), buffer.size(), 0) > 0) {
  }
  fd_.close();
}

void Channel::reset() {
  ended_ = true;
  support::reset(fd_);
}

Server::Server(Serve serve) : serve_(std::move(serve)), acceptor_([this] { listen(); }) {}

Server::~Server() {
  leaving_.raise();
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
}

void Server::listen() {
  while (true) {
    std::array<pollfd, 2> waited{pollfd{leaving_.fd(), POLLIN, 0},
                                 pollfd{listener_.fd(), POLLIN, 0}};
    poll(waited.data(), waited.size(), -1);
    if (waited[0].revents != 0) return;
    auto fd = listener_.accept();
    if (!fd) continue;
    threads_.emplace_back(
        [this, client = std::make_shared<Channel>(std::move(fd), leaving_)] { serve_(*client); });
  }
}

void join(Channel& client, Channel& broker, const EventFd& leaving, const Change& toward_broker,
          const Change& toward_client) {
  while (!client.ended() && !broker.ended()) {
    // All that TLS holds was taken the last time: what comes next wakes poll().
    std::array<pollfd, 3> waited{pollfd{leaving.fd(), POLLIN, 0}, pollfd{client.fd(), POLLIN, 0},
                                 pollfd{broker.fd(), POLLIN, 0}};
    poll(waited.data(), waited.size(), -1);
    if (waited[0].revents != 0) return;
    if (waited[1].revents != 0) broker.give(toward_broker(client.take()));
    if (waited[2].revents != 0) client.give(toward_client(broker.take()));
  }
}

namespace {

/// The value of Proxy-Authorization, however its name is spelt.
std::string authorization(const std::string& head) {
  constexpr std::string_view name = "proxy-authorization: ";
  std::istringstream lines{head};
  for (std::string line; std::getline(lines, line);) {
    if (line.size() > name.size() && strncasecmp(line.c_str(), name.data(), name.size()) == 0) {
      return line.substr(name.size(), line.find('\r') - name.size());
    }
  }
  return {};
}

}  // namespace

HttpProxy::HttpProxy(Rules rules)
    : rules_(std::move(rules)), server_([this](Channel& client) { serve(client); }) {}

std::string HttpProxy::url(const std::string& login) const {
  return "http://" + (login.empty() ? "" : login + "@") + "127.0.0.1:" + std::to_string(port());
}

std::vector<std::string> HttpProxy::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

void HttpProxy::serve(Channel& client) {
  const auto head = client.take_head();
  {
    const std::lock_guard lock{mutex_};
    requests_.push_back(head);
  }
  const auto line = head.substr(0, head.find("\r\n"));
  const auto colon = line.rfind(':', line.rfind(' '));
  if (line.rfind("CONNECT ", 0) != 0 || colon == std::string::npos) {
    client.give("HTTP/1.1 405 Method Not Allowed\r\n\r\n");
    return;
  }
  if (!rules_.authorization.empty() && authorization(head) != rules_.authorization) {
    client.give(
        "HTTP/1.1 407 Proxy Authentication Required\r\n"
        "Proxy-Authenticate: Basic realm=\"test\"\r\n\r\n");
    return;
  }
  auto way = connect_to(std::atoi(line.c_str() + colon + 1));
  if (!rules_.refusal.empty() || !way) {
    const auto refusal = rules_.refusal.empty() ? "502 Bad Gateway" : rules_.refusal;
    client.give("HTTP/1.1 " + refusal + "\r\n\r\n");
    return;
  }
  client.give("HTTP/1.1 200 Connection established\r\n\r\n");
  Channel broker{std::move(way), server_.leaving()};
  const Change none = [](std::string bytes) { return bytes; };
  join(client, broker, server_.leaving(), none, none);
}

}  // namespace mqtt_tools::support
