// SPDX-License-Identifier: MIT
#pragma once

#include "support/listener.hpp"
#include "support/system.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace mqtt_tools::support {

/// The certificate of a server, and its key.
using TlsContext = std::shared_ptr<SSL_CTX>;
TlsContext make_tls_context(const std::string& certificate, const std::string& key);

/// A connection that bytes go over, plain or with the server's side of TLS. Whoever waits on it
/// stops, and it ends, once `leaving` is raised.
class Channel {
 public:
  Channel(Descriptor fd, const EventFd& leaving) : fd_(std::move(fd)), leaving_(leaving) {}

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
  const EventFd& leaving_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};
  bool ended_ = false;
};

/// Serves each connection to a loopback port of its own on a thread, until it is taken down.
class Server {
 public:
  using Serve = std::function<void(Channel& client)>;

  explicit Server(Serve serve);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return listener_.port(); }
  const EventFd& leaving() const { return leaving_; }

 private:
  void listen();

  Listener listener_{};
  Serve serve_;
  EventFd leaving_{};
  std::vector<std::thread> threads_{};
  std::thread acceptor_{};
};

/// What becomes of bytes on their way.
using Change = std::function<std::string(std::string bytes)>;

/// Passes on what either end says until one of them ends.
void join(Channel& client, Channel& broker, const EventFd& leaving, const Change& toward_broker,
          const Change& toward_client);

/// An HTTP proxy that takes CONNECT (RFC 9110 §9.3.6), to ports of this machine.
class HttpProxy {
 public:
  struct Rules {
    std::string authorization{};  ///< What must come as Proxy-Authorization; else 407.
    std::string refusal{};        ///< "502 Bad Gateway" for everybody.
  };

  HttpProxy() : HttpProxy(Rules{}) {}
  explicit HttpProxy(Rules rules);

  int port() const { return server_.port(); }
  std::string url(const std::string& login = "") const;
  std::vector<std::string> requests() const;  ///< The heads of all, as they came.

 private:
  void serve(Channel& client);

  Rules rules_;
  mutable std::mutex mutex_{};
  std::vector<std::string> requests_{};
  Server server_;
};

}  // namespace mqtt_tools::support
