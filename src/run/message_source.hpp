// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"
#include "feed/feed.hpp"
#include "message.hpp"
#include "payload/envelope.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mqtt_tools::run {

/// What mqtt-pub takes in: messages from a feed, in their envelope, ready for the wire. Input that
/// cannot be used ends it; what was taken in before stays good.
class MessageSource {
 public:
  MessageSource(const feed::SourceOptions& source, const payload::EnvelopeOptions& envelope);

  /// The next message into `message`; false when there is none now. Never waits.
  bool next(Clock::time_point now, Message& message);

  /// Throws UsageError for a message, in its envelope, that cannot be sent.
  void check(const Message& message) const;

  /// What next() does to such a message: checks it, and stamps it.
  void finish(Message& message);

  /// There may be more: nothing has ended it.
  bool open() const { return open_; }

  /// Nobody wants more.
  void close() { open_ = false; }

  /// Why it ended early, if it did.
  const std::optional<RunError>& complaint() const { return complaint_; }

  const feed::Feed& feed() const { return *feed_; }

 private:
  bool take(Clock::time_point now, Message& message);
  /// Adds the user properties of --stamp, from which mqtt-sub --stats tells latencies and gaps.
  void stamp(Message& message);
  std::string located(const std::string& text) const;

  std::unique_ptr<feed::Feed> feed_;
  payload::Envelope envelope_;
  std::vector<std::string> more_topics_;
  bool acknowledged_;  ///< No message may have QoS 0.
  std::string run_{};  ///< With --stamp, what names this run.
  std::unordered_map<std::string, std::uint64_t> sequence_{};  ///< The same, by topic.
  Message last_{};               ///< Where it goes to more than one topic.
  std::size_t topics_left_ = 0;  ///< To which it is still to go: the last so many.
  bool open_ = true;
  std::optional<RunError> complaint_{};
};

}  // namespace mqtt_tools::run
