// SPDX-License-Identifier: MIT
#pragma once

#include "connection/client.hpp"
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

  /// Whether `message`, just arrived, is not to be shown, as the run ends before it: behind as many
  /// as --count allows, and with the first live one, when only the retained were asked for; but
  /// with --idle-timeout the end is told by silence, and live ones are passed over. Ask it before
  /// the message is judged wanted or not.
  bool ends_before(const Message& message);

  /// A message was shown. It may have been judged long before, when it was held back.
  void count_shown() { ++seen_; }

  /// A wanted message came.
  void consider(const payload::Decoded& decoded, Clock::time_point now);

  /// What came ends the run, and no time that has passed: all that may come, or what was forbidden.
  bool decided() const { return !violation_.empty() || enough(); }

  /// As many messages were shown as --count allows: no other is to be.
  bool full() const { return options_.count && seen_ >= *options_.count; }

  /// All that is retained has come (--last): see RetainedEnd.
  void all_retained_came() { complete_ = true; }

  /// The reader of stdout went away.
  void reader_left() { reader_left_ = true; }

  /// The user has seen enough.
  void quit() { quit_ = true; }

  /// How many messages that was.
  std::uint64_t seen() const { return seen_; }

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
  enum class Ending {
    none,
    forbidden,
    enough,
    reader_left,
    quit,
    timeout,
    duration,
    idle,
    silence
  };

  /// Of several at the same time the first one of these: timeout, duration, silence, idle.
  struct Deadline {
    Ending ending = Ending::none;
    std::optional<Clock::time_point> time{};
  };

  Ending ending(Clock::time_point now) const;
  bool enough() const;
  Deadline first_deadline() const;
  bool met(const payload::Decoded& decoded);
  std::string what_ended(Ending ending) const;

  StopOptions options_;
  std::vector<Condition> unmet_{};
  std::vector<Condition> forbidden_{};
  std::string violation_{};                 ///< Which was met, and by what.
  std::vector<Clock::time_point> heard_{};  ///< When a message of each filter came last.
  std::deque<std::string>
      instead_{};  ///< The last few payloads that met nothing, as they are told.
  std::optional<Clock::time_point> subscribed_at_{};
  Clock::time_point last_{};
  std::uint64_t seen_ = 0;
  bool reader_left_ = false;
  bool quit_ = false;
  bool complete_ = false;  ///< What was asked for has come, going by what came behind it.
};

/// Tells when all that is retained has come (--last), which MQTT itself does not tell. Brokers send
/// it behind or before SUBACK, some of them at leisure while they answer other packets. So the end
/// is where the broker has answered a probe that was sent after a quiet time, and the quiet still
/// lasts. The first probe goes right behind SUBSCRIBE: a broker that drops messages, as it has too
/// many for us, drops that answer, too (Mosquitto: max_queued_messages).
class RetainedEnd {
 public:
  enum class State { coming, complete, dropped };

  /// `limit`: how long the broker may take for its answers.
  explicit RetainedEnd(Duration limit) : limit_(limit) {}

  /// A retained message came, or may be among those that wait for us.
  void not_yet(Clock::time_point now) {
    quiet_since_ = now;
    heard_ = true;
  }

  /// Looks at a connection that is up, and whether all subscriptions are `granted` on it. True when
  /// a probe is to be sent now. A new connection, known by its having no probes, begins anew.
  bool wants_probe(const connection::Probes& probes, bool granted, Clock::time_point now);

  State state() const { return state_; }

  /// Does all of that for the connection of `client`, also when SUBACK has not come in time: this
  /// knows better why. Whether all has come. `taking`: we take what comes. Throws RunError when the
  /// broker dropped messages.
  bool advance(connection::Client& client, bool taking, Clock::time_point now);

  /// When wants_probe() has something to say though nothing comes.
  std::optional<Clock::time_point> due() const { return due_; }

 private:
  Duration limit_;
  State state_ = State::coming;
  Clock::time_point quiet_since_{};
  bool granted_ = false;
  bool heard_ = false;
  std::vector<Clock::time_point> sent_{};  ///< When each probe was.
  std::uint64_t latest_ = 0;               ///< The probe that was answered last.
  Duration round_trip_{};                  ///< The shortest.
  std::optional<Clock::time_point> due_{};
};

}  // namespace mqtt_tools::run
