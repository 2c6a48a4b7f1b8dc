// SPDX-License-Identifier: MIT
#pragma once

#include "feed/pace.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::feed {

/// What a feed has to give now.
enum class Supply { message, not_yet, end };

/// How far a feed has come, for the progress line.
struct Progress {
  std::uint64_t bytes = 0;               ///< Read so far.
  std::optional<std::uint64_t> total{};  ///< Of a regular file, its size.
  bool typed = false;                    ///< It is a terminal, and somebody types there.
};

/// What a feed did with its input that the user should be told.
struct Remarks {
  std::uint64_t skipped = 0;         ///< Broken records that were left out.
  std::uint64_t retain_dropped = 0;  ///< Records that are published without their retain flag.
};

/// Where the messages of one run come from, as the user asked.
struct SourceOptions {
  enum class Kind {
    argument,  ///< The message given as a word or with -m.
    null,      ///< One empty payload, no envelope.
    whole,     ///< All of a file or of stdin is one message.
    lines,     ///< Each line of a file or of stdin is one.
    replay,    ///< Each line is a record.
  };

  Kind kind = Kind::argument;
  std::string text{};                 ///< argument: the message.
  std::optional<std::string> file{};  ///< whole, lines, replay: a path; none: stdin.
  bool implicit_stdin = false;        ///< Nobody asked for stdin: empty input is a usage error.
  bool keep_newline = false;          ///< whole: a trailing newline is part of it (--raw).
  bool topic_from_line = false;       ///< lines: each is TOPIC<tab>MESSAGE.
  std::uint64_t repeat = 1;           ///< Publish the whole feed's one message this often.
  std::optional<Duration> repeat_delay{};  ///< Between repeats.
  std::optional<double> rate{};            ///< At most this many messages a second.
  double speed = 0;                        ///< replay: 1 as recorded, 2 twice as fast, 0 at once.
  std::string topic_prefix{};              ///< replay: put before each topic.
  bool keep_retain = false;                ///< replay: the retain flag is published too.
  bool skip_bad_lines = false;             ///< replay: broken records are skipped and counted.
  std::vector<std::string> more_topics{};  ///< Each message goes there, too.
  bool stamp = false;                      ///< User properties tell when and by whom it was made.
  bool acknowledged = false;               ///< A message with QoS 0 is a usage error.
  Message prototype{};                     ///< Topic, QoS, retain flag, properties for each.

  /// One message after another, and no end to be seen.
  bool streams() const { return kind == Kind::lines || kind == Kind::replay; }

  bool reads_stdin() const { return (streams() || kind == Kind::whole) && !file; }
};

/// Where messages to publish come from. Never waits: it gives a message, "not yet" or "end". What
/// is not due yet is kept, so that the end is known when the last message goes and not a gap later.
class Feed {
 public:
  /// Gives messages no faster than at the rate of `options`.
  explicit Feed(const SourceOptions& options);
  virtual ~Feed() = default;

  /// The next message into `message`, if there is one at `now`. `payload` is the user's text or
  /// bytes, not yet in its envelope (but see final()); topic, QoS, retain flag and properties are
  /// set. Throws UsageError for input that cannot be used (its text begins with where(), such as
  /// "line 17: …") and RunError when reading fails.
  Supply next(Clock::time_point now, Message& message);

  /// The file descriptor that becomes readable when "not yet" may be over; -1 if none.
  int fd() const { return ahead_ ? -1 : input_fd(); }

  /// The time at which "not yet" will be over, if only time is missing.
  std::optional<Clock::time_point> due() const { return ahead_ ? earliest() : std::nullopt; }

  /// Where the last message came from, for error texts: "line 17", "record 4", or empty.
  virtual std::string where() const { return {}; }

  /// Whether payloads are given as they go on the wire, without an envelope (replay, null message).
  virtual bool final() const { return false; }

  virtual Progress progress() const { return {}; }

  virtual Remarks remarks() const { return {}; }

 protected:
  /// Reads the next message, due or not.
  virtual Supply read(Clock::time_point now, Message& message) = 0;

  virtual int input_fd() const { return -1; }

  /// When the message that was read last was meant to go, whatever the rate; none: at once.
  std::optional<Clock::time_point> planned_{};

 private:
  std::optional<Clock::time_point> earliest() const {
    return pace_ ? std::max(planned_, pace_->due()) : planned_;
  }

  std::optional<Pace> pace_{};  ///< None: as fast as they go.
  std::optional<Message> ahead_{};
};

/// Whether --stamp makes a user property of this name: "sent", "run", "seq".
inline bool is_stamp(std::string_view name) {
  return name == "sent" || name == "run" || name == "seq";
}

/// Opens what `options` name. Throws RunError (code 1, path and reason) for a file that cannot be
/// read, UsageError for stdin that has no message to give.
std::unique_ptr<Feed> open(const SourceOptions& options);

/// The feed of Kind::replay, without `rate`: open() calls it.
std::unique_ptr<Feed> open_replay(const SourceOptions& options);

}  // namespace mqtt_tools::feed
