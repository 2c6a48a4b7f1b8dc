// SPDX-License-Identifier: MIT

#include "run/publisher.hpp"

#include "text.hpp"

namespace mqtt_tools::run {

namespace {

/// Bytes that may wait for the broker, beside the one message that is always let in: with more,
/// Paho's buffers grow and its partial writes slow down.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

}  // namespace

bool Publisher::room() const {
  return queue_.size() < client_.window(window_) && (queue_.empty() || queue_.bytes() < most_bytes);
}

void Publisher::collect() {
  for (const auto& delivery : client_.deliveries()) {
    if (in_flight_ > 0) --in_flight_;
    const auto* message = queue_.find(delivery.id);
    if (message == nullptr) continue;  // taken already, before a loss
    if (delivery.outcome == connection::Delivery::Outcome::acknowledged) {
      tell_({true, {}});
    } else {
      tell_({false, "to " + escaped(message->topic) + ": " + escaped(delivery.words)});
    }
    queue_.forget(delivery.id);
  }
  if (client_.connections() != connections_) {
    connections_ = client_.connections();
    queue_.resend_all();
    in_flight_ = 0;
  }
}

bool Publisher::deliver() {
  while (client_.ready() && in_flight_ < client_.window(window_)) {
    auto* waiting = queue_.next_unsent();
    if (waiting == nullptr) return false;
    if (const auto why = client_.over_limits(waiting->message)) {
      queue_.forget(waiting->id);
      tell_({false, *why});
      continue;
    }
    if (!client_.send(waiting->id, waiting->message)) return true;
    queue_.mark_sent(*waiting);
    ++in_flight_;
  }
  return true;
}

}  // namespace mqtt_tools::run
