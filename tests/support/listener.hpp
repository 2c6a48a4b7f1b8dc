// SPDX-License-Identifier: MIT
#pragma once

#include "support/system.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::support {

enum class Family { ipv4, ipv6 };

/// Whether this machine has ::1: containers often have not.
bool has_ipv6();

/// A loopback port that nothing listens on. It is outside of the range that the system gives to
/// outgoing connections; another test may still take it before you do.
int free_port(Family family = Family::ipv4);

/// A port of 127.0.0.1 where connections are refused: no other test gets it as long as this one
/// runs.
int closed_port();

/// Keeps others from `port`, where connections are refused, until what it returns is closed;
/// nothing when somebody has it.
Descriptor keep_port(Family family, int port);

/// A listening socket on a free loopback port.
class Listener {
 public:
  explicit Listener(Family family = Family::ipv4, int backlog = 64);

  /// The same port at ::1; nothing if it is taken there.
  std::optional<Listener> twin() const;

  int port() const { return port_; }
  int fd() const { return fd_.get(); }
  Descriptor accept() const;  ///< Nothing when there is nobody.

 private:
  Descriptor fd_{};
  int port_ = 0;

  Listener(Descriptor fd, int port) : fd_(std::move(fd)), port_(port) {}
};

/// A port where connections hang: the queue of those waiting is full, and stays so.
class BlackHole {
 public:
  BlackHole();
  int port() const { return listener_.port(); }
  bool has_caller() const;  ///< Somebody tries to connect right now.

 private:
  Listener listener_;
  std::vector<Descriptor> waiting_{};
};

/// A connection to 127.0.0.1, or nothing.
Descriptor connect_to(int port);

/// The end of `fd` as a reset (RST) instead of an orderly close.
void reset(Descriptor& fd);

}  // namespace mqtt_tools::support
