// SPDX-License-Identifier: MIT
#pragma once

#include "connection/backoff.hpp"
#include "connection/options.hpp"
#include "timestamp.hpp"

#include <optional>

namespace mqtt_tools::connection {

/// When to try again to connect, and when that has gone on for too long. The Keeper owns it; it is
/// used from the app's thread.
class Retries {
 public:
  /// `options` must outlive it.
  explicit Retries(const Options& options)
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

}  // namespace mqtt_tools::connection
