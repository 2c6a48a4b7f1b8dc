// SPDX-License-Identifier: MIT
#include "error.hpp"
#include "feed/feed.hpp"
#include "feed/lines.hpp"
#include "payload/record.hpp"
#include "topic.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mqtt_tools::feed {

namespace {

// A record says more than its payload, and escapes it.
constexpr std::size_t max_line = 4 * max_payload;

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// How long after `earlier` a record at `later` is due. Any two times may stand in a record: their
/// difference need not fit a duration.
Duration pause(Timestamp earlier, Timestamp later, double speed) {
  using Seconds = std::chrono::duration<double>;
  constexpr Seconds longest = std::chrono::hours{24 * 365};
  const Seconds apart = Seconds{later.time_since_epoch()} - Seconds{earlier.time_since_epoch()};
  return std::chrono::duration_cast<Duration>(std::clamp(apart / speed, Seconds::zero(), longest));
}

/// The messages that records tell of, at the speed at which they were recorded, another one, or at
/// once. A record whose time is before that of the one before it follows at once.
class Replay final : public Feed {
 public:
  explicit Replay(const SourceOptions& options)
      : options_(options), lines_(options.file, max_line) {}

  Supply next(Clock::time_point now, Message& message) override {
    if (!held_) {
      const Supply supply = read_ahead();
      if (supply != Supply::message) return supply;
      plan(now);
      held_ = true;
    }
    if (due_ && now < *due_) return Supply::not_yet;
    held_ = false;
    message = std::move(ahead_);
    return Supply::message;
  }

  int fd() const override { return held_ ? -1 : lines_.input().fd(); }
  std::optional<Clock::time_point> due() const override { return held_ ? due_ : std::nullopt; }
  std::string where() const override {
    return record_ == 0 ? std::string{} : "record " + std::to_string(record_);
  }
  bool final() const override { return true; }
  Progress progress() const override { return lines_.progress(); }
  Remarks remarks() const override { return remarks_; }

 private:
  Supply read_ahead() {
    for (;;) {
      std::string_view line;
      const Supply supply = lines_.next(line);
      if (supply != Supply::message) return supply;
      if (blank(line)) continue;
      ++record_;
      try {
        ahead_ = read(line);
        return Supply::message;
      } catch (const UsageError& error) {
        if (!options_.skip_bad_lines) {
          throw UsageError{where() + " (line " + std::to_string(lines_.number()) +
                           "): " + error.what() + "; --skip-bad-lines leaves such lines out"};
        }
        ++remarks_.skipped;
      }
    }
  }

  /// What belonged to the connection that the record was made on is left behind.
  Message read(std::string_view line) {
    Message message = payload::parse_record(line);
    message.topic.insert(0, options_.topic_prefix);
    check_topic(message.topic);

    message.id = 0;
    message.duplicate = false;
    message.properties.topic_alias.reset();
    message.properties.subscription_identifiers.clear();
    if (message.retained && !options_.keep_retain) {
      message.retained = false;
      ++remarks_.retain_dropped;
    }
    return message;
  }

  void plan(Clock::time_point now) {
    if (options_.speed <= 0 || ahead_.time == Timestamp{}) return;
    due_ = recorded_ ? due_.value_or(now) + pause(*recorded_, ahead_.time, options_.speed) : now;
    recorded_ = ahead_.time;
  }

  SourceOptions options_;
  Lines lines_;
  std::uint64_t record_ = 0;  ///< Number of the last record, from 1.
  Remarks remarks_{};

  Message ahead_{};
  bool held_ = false;                    ///< ahead_ is a message that has not been given yet.
  std::optional<Timestamp> recorded_{};  ///< When the last record with a time was made.
  std::optional<Clock::time_point> due_{};
};

}  // namespace

std::unique_ptr<Feed> open_replay(const SourceOptions& options) {
  return std::make_unique<Replay>(options);
}

}  // namespace mqtt_tools::feed
