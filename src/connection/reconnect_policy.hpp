// SPDX-License-Identifier: MIT
#pragma once

#include "connection/connect_error.hpp"
#include "connection/options.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <deque>
#include <optional>
#include <string>

namespace mqtt_tools::connection {

/// Remembers recent losses of the connection, to tell bad luck from a fight that nobody wins: a
/// message that makes the broker drop us each time, or another client with the same id.
class LossHistory {
 public:
  /// A connection made at `since` was lost at `now`; `progress`: something was acknowledged or
  /// received meanwhile.
  void add(Clock::time_point since, Clock::time_point now, bool progress);

  /// Three losses in a row, each within 5 s of CONNACK and without progress.
  bool hopeless() const { return in_a_row_ >= 3; }

  /// Twice in a row lost within 5 s of CONNACK: time to ask whether another client has our id.
  bool suspects_rival() const { return early_.size() >= 2; }

  /// Fifteen within a minute, each within 5 s of CONNACK, whatever got through between them.
  bool frequent() const;

  /// Losses soon after CONNACK, as when two clients share an id: three within 10 s; or frequent()
  /// ones when messages got through between them, which a bad network does too.
  bool rivalry() const;

  /// Why there is no use in connecting again after the last one, which `text` tells, with the
  /// reason `why` or none; or nothing.
  std::optional<RunError> ending(const std::string& text, const std::string& why,
                                 const Options& options) const;

 private:
  int in_a_row_ = 0;
  std::deque<Clock::time_point> early_{};
};

/// The pause before a further attempt to connect, after so many in a row: none, then 1 s doubling
/// to `longest`, each ±10 %. `random` is in [0, 1).
Duration pause_after(int attempts, Duration longest, double random);

/// What the broker said in DISCONNECT (MQTT 5.0 §3.14): `code`, and its own `reason` or none.
std::string disconnect_words(int code, const std::string& reason, const Options& options);

/// When to connect again, and when there is no use in it. Told outcomes and the time; the Client
/// owns it, and the main thread calls it.
class ReconnectPolicy {
 public:
  /// Just one of the first two is set.
  struct Decision {
    std::optional<Clock::time_point> retry_at{};
    std::optional<RunError> give_up{};
    std::string warning{};  ///< To be told before trying again; empty: nobody needs to know.
  };

  /// `options` must outlive it.
  explicit ReconnectPolicy(const Options& options) : options_(options) {}

  /// There is no connection, and one is to be made at once: at the beginning of the run, or
  /// because we have left the one that there was.
  void begin(Clock::time_point now);

  /// No candidate gave a connection. --wait has patience for the first of a run, --reconnect-for
  /// for all later ones.
  Decision after(const Failure& why, Clock::time_point now);

  /// The connection to `broker` was lost, for the reason `why` or none; `outcome` is what its
  /// DISCONNECT makes of the run (disconnect_outcome()), ok if there was none.
  Decision after_loss(const std::string& broker, const std::string& why, ExitCode outcome,
                      Clock::time_point now);

  void connected(Clock::time_point now);

  /// What led to the losses so far, or to there being no connection, is mended.
  void forget_losses() {
    losses_ = {};
    since_.reset();
  }

  /// Something was acknowledged or received on this connection.
  void made_progress() { progress_ = true; }

  /// Since when there is no connection after a loss.
  std::optional<Clock::time_point> lost_at() const { return lost_at_; }

 private:
  Duration next_pause();

  const Options& options_;
  int attempts_ = 0;  ///< Since the last connection of any use.
  LossHistory losses_{};
  bool first_ = true;                         ///< There has been no connection yet.
  bool told_ = false;                         ///< Why there is none at present.
  std::optional<Clock::time_point> since_{};  ///< When the lack of a connection began.
  std::optional<Clock::time_point> lost_at_{};
  Clock::time_point connected_at_{};
  bool progress_ = false;
};

}  // namespace mqtt_tools::connection
