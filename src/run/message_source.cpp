// SPDX-License-Identifier: MIT
#include "run/message_source.hpp"

#include "bytes.hpp"
#include "connection/server_limits.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::run {

MessageSource::MessageSource(const feed::SourceOptions& source,
                             const payload::EnvelopeOptions& envelope)
    : feed_(feed::open(source)),
      envelope_(envelope),
      more_topics_(source.more_topics),
      acknowledged_(source.acknowledged) {
  if (source.stamp) run_ = random_hex(4);
}

bool MessageSource::next(Clock::time_point now, Message& message) {
  if (!open_) return false;
  try {
    if (!take(now, message)) return false;
    finish(message);
    return true;
  } catch (const UsageError& error) {
    complaint_.emplace(ExitCode::usage, located(error.what()));
  } catch (const RunError& error) {
    complaint_ = error;
  }
  open_ = false;
  return false;
}

void MessageSource::finish(Message& message) {
  check(message);
  if (!run_.empty()) stamp(message);
}

void MessageSource::stamp(Message& message) {
  auto& user = message.properties.user;
  // A record has those of its first way.
  std::erase_if(user, [](const auto& pair) { return feed::is_stamp(pair.first); });
  user.emplace_back("sent", to_rfc3339(std::chrono::system_clock::now(), 6));
  user.emplace_back("run", run_);
  user.emplace_back("seq", std::to_string(++sequence_[message.topic]));
}

bool MessageSource::take(Clock::time_point now, Message& message) {
  if (topics_left_ > 0) {
    message = last_;
    message.topic = more_topics_[more_topics_.size() - topics_left_--];
    return true;
  }
  switch (feed_->next(now, message)) {
    case feed::Supply::not_yet:
      return false;
    case feed::Supply::end:
      open_ = false;
      return false;
    case feed::Supply::message:
      break;
  }
  if (!feed_->final()) {
    message.payload = envelope_.wrap(std::move(message.payload), std::chrono::system_clock::now());
    envelope_.announce(message.properties);
  }
  topics_left_ = more_topics_.size();
  if (topics_left_ > 0) last_ = message;
  return true;
}

void MessageSource::check(const Message& message) const {
  connection::check_size(message);
  // What says that it is text must be text: receivers may end the connection (MQTT 5.0
  // §3.3.2.3.2).
  const auto invalid =
      message.properties.payload_format == 1 ? first_invalid_utf8(message.payload) : std::nullopt;
  if (invalid) {
    throw UsageError("the message is not UTF-8 (byte " + std::to_string(*invalid + 1) +
                     "), which payload-format-indicator 1 says that it is");
  }
  if (acknowledged_ && message.qos == Qos::at_most_once) {
    throw UsageError(
        "with QoS 0 no broker says whether it had a subscriber, which --require-subscriber asks "
        "for");
  }
}

std::string MessageSource::located(const std::string& text) const {
  const auto where = feed_->where();
  return where.empty() || text.rfind(where, 0) == 0 ? text : where + ": " + text;
}

}  // namespace mqtt_tools::run
