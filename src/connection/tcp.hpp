// SPDX-License-Identifier: MIT
#pragma once

#include "connection/resolver.hpp"
#include "connection/stream.hpp"

namespace mqtt_tools::connection {

/// A TCP connection of our own, beside Paho's.
class Tcp : public Stream {
 public:
  Tcp() = default;
  ~Tcp() override;
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;

  /// Gives 0, ETIMEDOUT when there was no answer until `deadline`, or another errno.
  int connect(const Address& address, Clock::time_point deadline);

  bool send(std::string_view bytes, Clock::time_point deadline) override;
  Received receive(Clock::time_point deadline) override;

 private:
  void close();
  bool wait(short events, Clock::time_point deadline) const;

  int fd_ = -1;
};

}  // namespace mqtt_tools::connection
