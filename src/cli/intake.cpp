// SPDX-License-Identifier: MIT

#include "cli/intake.hpp"

#include "connection/server_limits.hpp"

#include <utility>

namespace mqtt_tools::cli {

Intake::Intake(std::unique_ptr<feed::Feed> feed, const payload::EnvelopeOptions& envelope)
    : feed_(std::move(feed)),
      envelope_(envelope),
      content_type_(envelope_.content_type()),
      payload_format_(envelope.encoding == payload::EnvelopeOptions::Encoding::json ? 1 : 0) {}

bool Intake::next(Clock::time_point now, Message& message) {
  if (!open_) return false;
  try {
    switch (feed_->next(now, message)) {
      case feed::Supply::not_yet:
        return false;
      case feed::Supply::end:
        open_ = false;
        return false;
      case feed::Supply::message:
        break;
    }
    if (!feed_->final()) wrap(message);
    connection::check_size(message);
    return true;
  } catch (const UsageError& error) {
    complaint_.emplace(ExitCode::usage, located(error.what()));
  } catch (const RunError& error) {
    complaint_ = error;
  }
  open_ = false;
  return false;
}

void Intake::wrap(Message& message) const {
  message.payload = envelope_.wrap(std::move(message.payload), std::chrono::system_clock::now());
  if (content_type_ && !message.properties.content_type) {
    message.properties.content_type = content_type_;
    message.properties.payload_format = payload_format_;
  }
}

std::string Intake::located(const std::string& text) const {
  const auto where = feed_->where();
  return where.empty() || text.rfind(where, 0) == 0 ? text : where + ": " + text;
}

}  // namespace mqtt_tools::cli
