// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_tools::run {

/// The books of a publishing run: what was given, what the broker has taken, what it denied. Told
/// the facts and the time.
class DeliveryStats {
 public:
  explicit DeliveryStats(Duration ack_timeout) : ack_timeout_(ack_timeout) {}

  /// A message is to be published.
  void given(Clock::time_point now, Qos qos = Qos::at_least_once);

  /// The broker took it.
  void taken(Clock::time_point now);

  /// The broker will not have it; `words` say why.
  void denied(const std::string& words, Clock::time_point now);

  /// A connection was made: only from now on does patience run out.
  void connected(Clock::time_point now);

  std::uint64_t messages() const { return given_; }
  std::uint64_t acknowledged() const { return taken_; }
  std::uint64_t outstanding() const { return given_ - taken_ - denied_; }
  bool any_denied() const { return denied_ > 0; }

  /// Messages are outstanding and none was acknowledged for the time of --ack-timeout.
  bool overdue(Clock::time_point now) const;
  std::optional<Clock::time_point> due() const;

  /// "2 of 5 messages were not acknowledged"
  std::string unacknowledged() const;

  /// "of 5 messages read, 4 were sent and 3 acknowledged", when `unsent` wait to be sent.
  std::string so_far(std::uint64_t unsent) const;

  /// "4 messages were acknowledged"
  std::string summary() const;

  /// "1 of 5 messages was denied, to t/x: not authorised"
  std::string denials() const;

 private:
  Duration ack_timeout_;
  std::uint64_t given_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t denied_ = 0;
  bool acknowledgeable_ = false;  ///< Not all have QoS 0.
  std::string why_{};             ///< Of the first denial.
  std::optional<Clock::time_point> quiet_since_{};
  bool connected_ = false;
};

}  // namespace mqtt_tools::run
