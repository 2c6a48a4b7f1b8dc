// SPDX-License-Identifier: MIT
#pragma once

#include "connection/cause.hpp"
#include "connection/options.hpp"
#include "connection/stream.hpp"

#include <memory>
#include <string>

namespace mqtt_tools::connection {

/// TLS over another stream, with the settings that Paho gets, to learn why Paho's did not succeed.
class TlsSession : public Stream {
 public:
  /// To a broker that the user calls `host`, on its port `port`. Throws RunError when the settings
  /// are of no use.
  TlsSession(Stream& below, const Tls& tls, std::string host, int port);
  ~TlsSession() override;

  /// Shakes hands, and waits for what the broker says to our certificate.
  Cause shake_hands(Clock::time_point deadline);

  bool send(std::string_view bytes, Clock::time_point deadline) override;
  Received receive(Clock::time_point deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mqtt_tools::connection
