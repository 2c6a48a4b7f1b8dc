// SPDX-License-Identifier: MIT

#include "cli/sending.hpp"

#include "text.hpp"

namespace mqtt_tools::cli {

namespace {

/// Bytes that may wait for the broker, beside the one message that is always let in: with more,
/// Paho's buffers grow and its partial writes slow down.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

}  // namespace

bool Sending::room() const {
  return spool_.size() < client_.window(window_) && (spool_.empty() || spool_.bytes() < most_bytes);
}

void Sending::collect() {
  for (const auto& delivery : client_.deliveries()) {
    if (in_flight_ > 0) --in_flight_;
    const auto* message = spool_.find(delivery.id);
    if (message == nullptr) continue;  // taken already, before a loss
    if (delivery.outcome == connection::Delivery::Outcome::acknowledged) {
      tell_({true, {}});
    } else {
      tell_({false, "to " + escaped(message->topic) + ": " + escaped(delivery.words)});
    }
    spool_.forget(delivery.id);
  }
  if (client_.connections() != connections_) {
    connections_ = client_.connections();
    spool_.resend_all();
    in_flight_ = 0;
  }
}

bool Sending::deliver() {
  while (client_.ready() && in_flight_ < client_.window(window_)) {
    auto* waiting = spool_.next_unsent();
    if (waiting == nullptr) return false;
    if (const auto why = client_.over_limits(waiting->message)) {
      spool_.forget(waiting->id);
      tell_({false, *why});
      continue;
    }
    if (!client_.send(waiting->id, waiting->message)) return true;
    spool_.mark_sent(*waiting);
    ++in_flight_;
  }
  return true;
}

}  // namespace mqtt_tools::cli
