// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <deque>
#include <optional>
#include <string>

namespace mqtt_tools::connection {

/// Remembers recent losses of the connection, to tell bad luck from a fight that nobody wins: a
/// message that makes the broker drop us each time, or another client with the same id. The
/// Connection owns it; it is used from the app's thread.
class LossHistory {
 public:
  /// A connection made at `since` was lost at `now`; `progress`: something was acknowledged or
  /// received meanwhile.
  void add(Clock::time_point since, Clock::time_point now, bool progress);

  /// Three losses in a row, each within 5 s of CONNACK and without progress.
  bool hopeless() const { return in_a_row_ >= 3; }

  /// Losses soon after CONNACK, as when two clients share an id: three within 10 s; or fifteen
  /// within a minute when messages got through between them, which a bad network does too.
  bool rivalry() const;

  /// Why there is no use in connecting again after the last one, which `text` tells; or nothing.
  std::optional<RunError> ending(const std::string& text, const Options& options) const;

 private:
  int in_a_row_ = 0;
  std::deque<Clock::time_point> early_{};
};

/// The pauses between attempts to connect: none, then 1 s doubling to `longest`, each ±10 %.
class Backoff {
 public:
  explicit Backoff(Duration longest) : longest_(longest) {}

  /// The pause before the next attempt. `random` is in [0, 1).
  Duration next(double random);

  /// The connection is made: begin anew.
  void reset() { attempts_ = 0; }

 private:
  Duration longest_;
  int attempts_ = 0;
};

/// When to try again to connect, and when that has gone on for too long. The Connection owns it; it
/// is used from the app's thread.
class Pauses {
 public:
  /// `options` must outlive it.
  explicit Pauses(const Options& options)
      : options_(options), backoff_(Backoff(options.reconnect_max)) {}

  /// The pause after an attempt failed that was to give the first connection; they began at
  /// `since`. Nothing: that was the last (--wait).
  std::optional<Duration> before_first(Clock::time_point since, Clock::time_point now);

  /// The pause after an attempt failed to make up for a loss at `since`. Nothing: that was the last
  /// (--reconnect-for).
  std::optional<Duration> before_next(Clock::time_point since, Clock::time_point now);

  /// The pause after a loss.
  Duration after_loss();

  /// The connection was worth something: begin anew.
  void reset() { backoff_.reset(); }

 private:
  const Options& options_;
  Backoff backoff_;
};

/// What the broker said in DISCONNECT (MQTT 5.0 §3.14), if it did. The Connection owns it; it is
/// used from the app's thread.
class ServerDisconnect {
 public:
  /// Nothing was said.
  ServerDisconnect() = default;

  /// `code` was said, with the broker's own `reason` or none.
  ServerDisconnect(int code, const std::string& reason, const Options& options);

  /// In words; empty when nothing was said.
  const std::string& words() const { return words_; }

  /// Why the run cannot go on, if what `broker` said means that; `why` is the reason to tell.
  std::optional<RunError> ending(const std::string& broker, const std::string& why) const;

 private:
  std::string words_{};
  ExitCode outcome_ = ExitCode::ok;
};

}  // namespace mqtt_tools::connection
