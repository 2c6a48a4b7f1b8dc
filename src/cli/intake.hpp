// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"
#include "feed/feed.hpp"
#include "message.hpp"
#include "payload/envelope.hpp"
#include "timestamp.hpp"

#include <memory>
#include <optional>
#include <string>

namespace mqtt_tools::cli {

/// What mqtt-pub takes in: messages from a feed, in their envelope, ready for the wire. Input that
/// cannot be used ends it; what was taken in before stays good.
class Intake {
 public:
  Intake(std::unique_ptr<feed::Feed> feed, const payload::EnvelopeOptions& envelope);

  /// The next message into `message`; false when there is none now. Never waits.
  bool next(Clock::time_point now, Message& message);

  /// There may be more: nothing has ended it.
  bool open() const { return open_; }

  /// Nobody wants more.
  void close() { open_ = false; }

  /// Why it ended early, if it did.
  const std::optional<RunError>& complaint() const { return complaint_; }

  const feed::Feed& feed() const { return *feed_; }

 private:
  void wrap(Message& message) const;
  std::string located(const std::string& text) const;

  std::unique_ptr<feed::Feed> feed_;
  payload::Envelope envelope_;
  std::optional<std::string> content_type_;
  int payload_format_;
  bool open_ = true;
  std::optional<RunError> complaint_{};
};

}  // namespace mqtt_tools::cli
