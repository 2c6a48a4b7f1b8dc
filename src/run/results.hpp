// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "error.hpp"
#include "message.hpp"
#include "output/standard_output.hpp"
#include "run/poller.hpp"
#include "run/publisher.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>

// What a publishing run prints on stdout. App thread only.

namespace mqtt_tools::run {

/// stdout for records that are never waited for; the run asks for it to be written now and then.
class ResultOutput {
 public:
  /// Records are appended here, and end_record() follows.
  std::string& buffer() { return out_.buffer(); }
  void end_record(output::StandardOutput::Delivery delivery) { out_.end_record(delivery); }

  /// Writes what can be written. Throws RunError (code 1) when that fails.
  void flush();

  bool reader_left() const { return reader_left_; }

  /// All that came is out, or there is no reader for it.
  bool written() const { return reader_left_ || out_.pending() == 0; }

  /// Not so much waits for the reader that no more should be made.
  bool room() const;

  /// Also waits until more can be written.
  void on(Poller& poller) const;

  /// Acknowledged records that are not written, or only in part.
  std::uint64_t unwritten() const { return out_.unwritten(); }

 private:
  output::StandardOutput out_{1};
  bool reader_left_ = false;
};

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
