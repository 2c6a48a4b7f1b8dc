// SPDX-License-Identifier: MIT
#include "support/channel.hpp"

#include "support/listener.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

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

}  // namespace mqtt_tools::support
