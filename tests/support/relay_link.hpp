// SPDX-License-Identifier: MIT
#pragma once

#include "support/relay.hpp"

#include <algorithm>
#include <deque>
#include <optional>

namespace mqtt_tools::support {

constexpr std::size_t index(Toward direction) { return static_cast<std::size_t>(direction); }
constexpr Toward other(Toward direction) {
  return direction == Toward::broker ? Toward::client : Toward::broker;
}

/// Bytes, and when they may go on.
struct Chunk {
  std::chrono::steady_clock::time_point due;
  std::string bytes;
};

/// What is under way in one direction.
struct Flow {
  std::deque<Chunk> chunks{};
  std::size_t waiting = 0;
  std::size_t passed = 0;
  std::chrono::steady_clock::time_point next{};  ///< When the rate allows more.
  bool ended = false;                            ///< The sender has closed.
  bool told = false;                             ///< The receiver knows.

  std::optional<std::chrono::steady_clock::time_point> due() const {
    if (chunks.empty()) return std::nullopt;
    return std::max(chunks.front().due, next);
  }
};

/// A client's connection and ours to the broker.
struct Relay::Link {
  std::array<Descriptor, 2> ends{};  ///< Where bytes toward the broker, and the client, go.
  std::array<Flow, 2> flows{};
  std::array<short, 2> events{};  ///< What poll() said about the ends.
  bool dead = false;
  bool first = false;  ///< No connection was made before it.

  Descriptor& to(Toward direction) { return ends[index(direction)]; }
  Descriptor& from(Toward direction) { return to(other(direction)); }
  Flow& flow(Toward direction) { return flows[index(direction)]; }
};

}  // namespace mqtt_tools::support
