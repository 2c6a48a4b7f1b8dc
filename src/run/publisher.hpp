// SPDX-License-Identifier: MIT
#pragma once

#include "connection/client.hpp"
#include "message.hpp"
#include "run/outgoing_queue.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace mqtt_tools::run {

/// What goes out over a client, oldest first, a window of it in flight; what is not acknowledged
/// when the connection is lost goes out again. The broker takes each message or denies it.
class Publisher {
 public:
  struct Outcome {
    bool taken = false;
    std::string words{};  ///< Why not.
  };
  using Tell = std::function<void(const Outcome&)>;

  /// `window`: messages in flight at most, if the broker allows as many.
  Publisher(connection::Client& client, std::size_t window, Tell tell)
      : client_(client), window_(window), tell_(std::move(tell)) {}

  /// Room for one more message. Without it, nothing should be added.
  bool room() const;

  void add(Message message) { queue_.add(std::move(message)); }

  /// Learns what became of messages, after each Client::advance().
  void collect();

  /// Hands over what waits, as far as the window goes. False when all that waits is in flight and
  /// the window has room: the moment to add more.
  bool deliver();

  bool empty() const { return queue_.empty(); }
  std::size_t in_flight() const { return in_flight_; }

  /// How many were not sent on this connection yet.
  std::size_t unsent() const { return queue_.size() - std::min(in_flight_, queue_.size()); }

 private:
  connection::Client& client_;
  std::size_t window_;
  Tell tell_;
  OutgoingQueue queue_{};
  std::size_t in_flight_ = 0;
  std::uint64_t connections_ = 0;
};

}  // namespace mqtt_tools::run
