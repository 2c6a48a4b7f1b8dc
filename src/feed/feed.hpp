// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_tools::feed {

/// What a feed has to give now.
enum class Supply { message, not_yet, end };

/// How far a feed has come, for the progress line.
struct Progress {
  std::uint64_t bytes = 0;               ///< Read so far.
  std::optional<std::uint64_t> total{};  ///< Of a regular file, its size.
};

/// What a feed did with its input that the user should be told.
struct Remarks {
  std::uint64_t skipped = 0;         ///< Broken records that were left out.
  std::uint64_t retain_dropped = 0;  ///< Records that are published without their retain flag.
};

/// Where messages to publish come from. Never waits: it gives a message, "not yet" or "end".
class Feed {
 public:
  virtual ~Feed() = default;

  /// The next message into `message`, if there is one at `now`. `payload` is the user's text or
  /// bytes, not yet in its envelope (but see final()); topic, QoS, retain flag and properties are
  /// set. Throws UsageError for input that cannot be used (its text begins with where(), such as
  /// "line 17: …") and RunError when reading fails.
  virtual Supply next(Clock::time_point now, Message& message) = 0;

  /// The file descriptor that becomes readable when "not yet" may be over; -1 if none.
  virtual int fd() const { return -1; }

  /// The time at which "not yet" will be over, if only time is missing.
  virtual std::optional<Clock::time_point> due() const { return {}; }

  /// Where the last message came from, for error texts: "line 17", "record 4", or empty.
  virtual std::string where() const { return {}; }

  /// Whether payloads are given as they go on the wire, without an envelope (replay, null message).
  virtual bool final() const { return false; }

  virtual Progress progress() const { return {}; }

  virtual Remarks remarks() const { return {}; }
};

}  // namespace mqtt_tools::feed
