// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "payload/decode.hpp"
#include "payload/json_pointer.hpp"
#include "run/condition.hpp"
#include "run/options.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mqtt_tools::run {

/// Tells which messages the user wants to see (-T, -R, --retained-only, --match, --grep,
/// --changes).
class MessageFilter {
 public:
  /// Throws UsageError for JSON or a regular expression that cannot be understood.
  explicit MessageFilter(const MessageFilterOptions& options);

  bool operator()(const payload::Decoded& decoded) const;

  /// Whether a message that passed the above says something else than the last one of its topic
  /// (--changes), which it is from now on. A selected value that is not there is a value, too.
  /// What is kept of topics is bounded: beyond that, all is new again.
  bool changed(const payload::Decoded& decoded);

 private:
  class Grep;

  MessageFilterOptions options_;
  std::vector<Condition> match_;
  std::vector<payload::JsonPointer> select_{};
  std::vector<std::shared_ptr<const Grep>> grep_{};
  std::unordered_map<std::string, std::string> last_{};  ///< What kept() gave, by topic.
  std::size_t last_bytes_ = 0;                           ///< What it takes, at most.
};

/// Lets of each topic so many messages a second be shown (--max-rate). One that comes too early is
/// held back until its time has come, in the place of an older one that is. What is kept of topics
/// and messages is bounded: beyond that, those that would be due first are due at once.
class RateLimit {
 public:
  static constexpr std::size_t most_bytes = std::size_t{64} * 1024 * 1024;

  /// More than 0; none: no limit.
  explicit RateLimit(std::optional<double> messages_a_second);

  /// Whether `message` comes too early; a copy is held back then.
  bool holds_back(const Message& message, Clock::time_point now);

  /// A message of `topic` was shown.
  void shown(const std::string& topic, Clock::time_point now);

  /// A message that is due; those that are not, too, once `now` is the end of time.
  std::optional<Message> take(Clock::time_point now);

  /// When take() or holds_back() may have another answer though nothing comes.
  std::optional<Clock::time_point> due() const;

  bool empty() const { return held_ == 0; }  ///< Nothing is held back.

 private:
  /// A topic of which a message was shown not long ago.
  struct Topic {
    std::string name{};
    Clock::time_point due{};  ///< Not before this another one is shown.
    std::optional<Message> held{};
  };

  static std::size_t bytes_of(const Topic& topic);
  std::optional<Message> forget(std::list<Topic>::iterator topic);

  Duration interval_{};
  std::list<Topic> topics_{};  ///< In the order in which they are due, which is that of shown().
  std::unordered_map<std::string_view, std::list<Topic>::iterator> by_name_{};
  std::size_t bytes_ = 0;
  std::size_t held_ = 0;
};

}  // namespace mqtt_tools::run
