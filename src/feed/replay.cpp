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
      : Feed(options), options_(options), lines_(options.file, max_line) {}

  std::string where() const override {
    return record_ == 0 ? std::string{} : "record " + std::to_string(record_);
  }
  bool final() const override { return true; }
  Progress progress() const override { return lines_.progress(); }
  Remarks remarks() const override { return remarks_; }

 protected:
  Supply read(Clock::time_point now, Message& message) override {
    for (;;) {
      std::string_view line;
      const Supply supply = lines_.next(line);
      if (supply != Supply::message) return supply;
      if (blank(line)) continue;
      ++record_;
      try {
        message = parse(line);
        plan(message, now);
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

  int input_fd() const override { return lines_.input().fd(); }

 private:
  /// What belonged to the connection that the record was made on is left behind.
  Message parse(std::string_view line) {
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

  void plan(const Message& message, Clock::time_point now) {
    if (options_.speed <= 0 || message.time == Timestamp{}) return;
    planned_ = recorded_ ? *planned_ + pause(*recorded_, message.time, options_.speed) : now;
    recorded_ = message.time;
  }

  SourceOptions options_;
  Lines lines_;
  std::uint64_t record_ = 0;  ///< Number of the last record, from 1.
  Remarks remarks_{};
  std::optional<Timestamp> recorded_{};  ///< When the last record with a time was made.
};

}  // namespace

std::unique_ptr<Feed> open_replay(const SourceOptions& options) {
  return std::make_unique<Replay>(options);
}

}  // namespace mqtt_tools::feed
