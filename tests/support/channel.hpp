// SPDX-License-Identifier: MIT
#pragma once

#include "support/descriptor.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace mqtt_tools::support {

/// The certificate of a server, and its key.
using TlsContext = std::shared_ptr<SSL_CTX>;
TlsContext make_tls_context(const std::string& certificate, const std::string& key);

/// A connection that bytes go over, plain or with the server's side of TLS. Whoever waits on it
/// stops, and it ends, once `leaving` is raised.
class Channel {
 public:
  Channel(Descriptor fd, const Bell& leaving) : fd_(std::move(fd)), leaving_(leaving) {}

  bool shake_hands(const TlsContext& context);  ///< From now on with TLS.

  int fd() const { return fd_.get(); }
  bool ended() const { return ended_; }
  bool wait(short events);           ///< As in poll(2); false when it ends before.
  std::string take();                ///< What has come; nothing if that is nothing.
  std::string take_head();           ///< Waits until the head of an HTTP message has come.
  void give(std::string_view text);  ///< Waits until all is sent.
  void close();                      ///< In order: what was given arrives.
  void reset();                      ///< With RST.

 private:
  bool retry(int result);

  Descriptor fd_;
  const Bell& leaving_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};
  bool ended_ = false;
};

}  // namespace mqtt_tools::support
