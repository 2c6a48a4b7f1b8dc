// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"
#include "message.hpp"
#include "payload/decode.hpp"
#include "run/condition.hpp"
#include "run/options.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::run {

/// Decides when mqtt-sub leaves and what it tells the shell. It is told the facts and the time.
class StopCondition {
 public:
  /// Throws UsageError for a condition that cannot be understood.
  explicit StopCondition(const StopOptions& until);

  /// All subscriptions are granted (the clocks of --timeout, --duration and --idle-timeout start;
  /// told again after a reconnect, it changes nothing).
  void subscribed(Clock::time_point now);

  /// Whether `message`, just arrived, ends the run and is not to be shown: the first live one, when
  /// only the retained were asked for; but with --idle-timeout the end is told by silence, and live
  /// ones are passed over. Ask it before the message is judged wanted or not.
  bool ends_before(const Message& message);

  /// A wanted message came and was shown.
  void consider(const payload::Decoded& decoded, Clock::time_point now);

  /// As many messages were shown as --count allows: no other is to be.
  bool full() const { return options_.count && seen_ >= *options_.count; }

  /// The reader of stdout went away.
  void reader_left();

  /// Whether it is time to leave.
  bool reached(Clock::time_point now) const;

  /// When reached() may become true though nothing comes.
  std::optional<Clock::time_point> due() const;

  /// What to tell the shell, once reached() or after reader_left().
  ExitCode exit_code(Clock::time_point now) const;

  /// One line that explains a code other than 0 ("timed out after 5 s with 0 of 1 messages",
  /// unmet expectations and what came instead); empty when there is nothing to say.
  std::string explanation(Clock::time_point now) const;

 private:
  enum class Ending { none, forbidden, enough, reader_left, timeout, duration, idle, silence };

  Ending ending(Clock::time_point now) const;
  bool enough() const;
  std::optional<Clock::time_point> deadline_of(Ending ending) const;
  std::string what_ended(Ending ending) const;

  StopOptions options_;
  bool met(const payload::Decoded& decoded);

  std::vector<Condition> unmet_{};
  std::vector<Condition> forbidden_{};
  std::string violation_{};                 ///< Which was met, and by what.
  std::vector<Clock::time_point> heard_{};  ///< When a message of each filter came last.
  std::deque<std::string>
      instead_{};  ///< The last few payloads that met nothing, as they are told.
  std::optional<Clock::time_point> since_{};
  Clock::time_point last_{};
  std::uint64_t seen_ = 0;
  bool reader_left_ = false;
  bool live_ = false;
};

}  // namespace mqtt_tools::run
