// SPDX-License-Identifier: MIT
#pragma once

#include "support/channel.hpp"
#include "support/listener.hpp"

#include <functional>
#include <thread>
#include <vector>

namespace mqtt_tools::support {

/// Serves each connection to a loopback port of its own on a thread, until it is taken down.
class Service {
 public:
  using Serve = std::function<void(Channel& client)>;

  explicit Service(Serve serve);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  int port() const { return listener_.port(); }
  const Bell& leaving() const { return leaving_; }

 private:
  void listen();

  Listener listener_{};
  Serve serve_;
  Bell leaving_{};
  std::vector<std::thread> servants_{};
  std::thread doorman_{};
};

/// What becomes of bytes on their way.
using Change = std::function<std::string(std::string bytes)>;

/// Passes on what either end says until one of them ends.
void join(Channel& client, Channel& broker, const Bell& leaving, const Change& toward_broker,
          const Change& toward_client);

}  // namespace mqtt_tools::support
