// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "message.hpp"
#include "run/publisher.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>

// What a publishing run prints on stdout. App thread only.

namespace mqtt_tools::run {

/// Appends what became of a message as one line of JSON (-o json), without a newline.
void append_outcome(std::string& line, const Outcome& outcome);

/// A message of our own that must come back (--verify).
class Verification {
 public:
  /// `limit`: how long it may be on its way.
  explicit Verification(Duration limit) : limit_(limit) {}

  /// What to subscribe to for `message`, which it is.
  connection::Subscription expect(const Message& message);

  /// It has been handed to the connection: the clock runs from the first time.
  void sent(Clock::time_point now);

  void consider(const Message& message, Clock::time_point now);

  /// It is back, or time is up.
  bool over(Clock::time_point now) const;
  std::optional<Clock::time_point> due() const;

  /// How long it took; nothing if it is not back.
  std::optional<Duration> took() const { return took_; }

  /// "the message to t did not come back within 5 s", and what came instead.
  std::string explanation() const;

 private:
  Duration limit_;
  std::string topic_{};
  std::string payload_{};
  std::optional<Clock::time_point> sent_{};
  std::optional<Duration> took_{};
  std::uint64_t others_ = 0;  ///< Messages on the topic that are not it.
};

/// So many random bytes as hex digits.
std::string random_hex(int bytes);

/// "1.23": milliseconds, for scripts.
std::string milliseconds_text(Duration time);

}  // namespace mqtt_tools::run
