// SPDX-License-Identifier: MIT
#include "run/outgoing_queue.hpp"

#include <utility>

namespace mqtt_tools::run {
namespace {

std::size_t size_of(const Message& message) {
  return message.topic.size() + message.payload.size();
}

}  // namespace

MessageId OutgoingQueue::add(Message message) {
  bytes_ += size_of(message);
  ++live_;
  waiting_.push_back({next_id_, std::move(message), false, false});
  return next_id_++;
}

OutgoingQueue::Waiting* OutgoingQueue::next_unsent() {
  while (unsent_ < waiting_.size() && (waiting_[unsent_].sent || waiting_[unsent_].done)) {
    ++unsent_;
  }
  return unsent_ < waiting_.size() ? &waiting_[unsent_] : nullptr;
}

const Message* OutgoingQueue::find(MessageId id) const {
  if (waiting_.empty() || id < waiting_.front().id || id > waiting_.back().id) return nullptr;
  const Waiting& waiting = waiting_[id - waiting_.front().id];
  return waiting.done ? nullptr : &waiting.message;
}

void OutgoingQueue::mark_sent(Waiting& waiting) { waiting.sent = true; }

void OutgoingQueue::forget(MessageId id) {
  // Ids are consecutive, so an id is a place.
  if (waiting_.empty() || id < waiting_.front().id || id > waiting_.back().id) return;
  Waiting& waiting = waiting_[id - waiting_.front().id];
  if (waiting.done) return;
  bytes_ -= size_of(waiting.message);
  --live_;
  waiting.done = true;
  waiting.message = {};

  while (!waiting_.empty() && waiting_.front().done) {
    waiting_.pop_front();
    unsent_ -= unsent_ > 0 ? 1 : 0;
  }
}

void OutgoingQueue::resend_all() {
  for (auto& waiting : waiting_) {
    waiting.sent = false;
  }
  unsent_ = 0;
}

}  // namespace mqtt_tools::run
