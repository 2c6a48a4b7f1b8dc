// SPDX-License-Identifier: MIT
#include "run/publisher.hpp"

#include "payload/envelope.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools::run {

namespace {

constexpr MessageId presence_id = 0;  // Those of the queue begin with 1.

/// Bytes that may wait for the broker, beside the one message that is always let in: with more,
/// Paho's buffers grow and its partial writes slow down.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

constexpr int no_matching_subscribers = 0x10;  // MQTT 5.0 §3.4.2.1

std::string of_messages(std::uint64_t part, std::uint64_t all) {
  return std::to_string(part) + " of " + counted(all, "message") + were(part);
}

}  // namespace

MessageId OutgoingQueue::add(Message message) {
  bytes_ += size_of(message);
  ++live_;
  waiting_.push_back({next_id_, std::move(message), false, false, {}});
  return next_id_++;
}

OutgoingQueue::Waiting* OutgoingQueue::next_unsent() {
  while (unsent_ < waiting_.size() && (waiting_[unsent_].sent || waiting_[unsent_].done)) ++unsent_;
  return unsent_ < waiting_.size() ? &waiting_[unsent_] : nullptr;
}

OutgoingQueue::Waiting* OutgoingQueue::find(MessageId id) {
  // Ids are consecutive, so an id is a place.
  if (waiting_.empty() || id < waiting_.front().id || id > waiting_.back().id) return nullptr;
  Waiting& waiting = waiting_[id - waiting_.front().id];
  return waiting.done ? nullptr : &waiting;
}

void OutgoingQueue::mark_sent(Waiting& waiting, Clock::time_point now) {
  waiting.sent = true;
  waiting.since = now;
  ++in_flight_;
}

void OutgoingQueue::forget(MessageId id) {
  Waiting* const waiting = find(id);
  if (waiting == nullptr) return;
  bytes_ -= size_of(waiting->message);
  --live_;
  in_flight_ -= waiting->sent ? 1 : 0;
  waiting->done = true;
  waiting->message = {};

  while (!waiting_.empty() && waiting_.front().done) {
    waiting_.pop_front();
    unsent_ -= unsent_ > 0 ? 1 : 0;
  }
}

void OutgoingQueue::resend_all() {
  for (auto& waiting : waiting_) waiting.sent = false;
  unsent_ = 0;
  in_flight_ = 0;
}

void DeliveryStats::given(Clock::time_point now, Qos qos) {
  acknowledgeable_ = acknowledgeable_ || qos != Qos::at_most_once;
  if (outstanding() == 0) quiet_since_ = now;
  ++given_;
}

void DeliveryStats::taken(Clock::time_point now) {
  ++taken_;
  quiet_since_ = now;
}

void DeliveryStats::unheard(const std::string& topic) {
  if (unheard_++ == 0) unheard_topic_ = topic;
}

void DeliveryStats::denied(const std::string& why, Clock::time_point now) {
  if (denied_++ == 0) why_ = why;
  quiet_since_ = now;
}

void DeliveryStats::connected(Clock::time_point now) {
  if (connected_) return;
  connected_ = true;
  quiet_since_ = now;
}

std::optional<Clock::time_point> DeliveryStats::due() const {
  if (!connected_ || outstanding() == 0 || !quiet_since_) return std::nullopt;
  return *quiet_since_ + ack_timeout_;
}

std::string DeliveryStats::unacknowledged() const {
  return of_messages(outstanding(), given_) + "not " + taken_word();
}

std::string DeliveryStats::so_far(std::uint64_t unsent) const {
  const auto sent = given_ - std::min(unsent, given_);
  auto text =
      "of " + counted(given_, "message") + " read, " + std::to_string(sent) + were(sent) + "sent";
  if (acknowledgeable_) text += " and " + std::to_string(taken_) + " acknowledged";
  return text;
}

std::string DeliveryStats::summary() const {
  return counted(taken_, "message") + were(taken_) + taken_word();
}

std::string DeliveryStats::denials() const {
  return of_messages(denied_, given_) + "denied, " + why_;
}

std::string DeliveryStats::without_subscriber() const {
  if (given_ == 1) return "nobody subscribes to " + unheard_topic_;
  return std::to_string(unheard_) + " of " + std::to_string(given_) +
         " messages had no subscriber" + (unheard_ == 1 ? ": to " : ", the first of them to ") +
         unheard_topic_;
}

/// What presence takes of the broker's Receive Maximum is missing for the others.
std::size_t Publisher::window() const {
  return client_.window(window_) - (presence_in_flight_ ? 1 : 0);
}

bool Publisher::room() const {
  return queue_.size() < client_.window(window_) && (queue_.empty() || queue_.bytes() < most_bytes);
}

bool Publisher::overfull() const {
  constexpr std::size_t own = 300;  // Of each message, beside its text.
  return queue_.size() > window_ && queue_.bytes() + own * queue_.size() > 64 * most_bytes;
}

void Publisher::add(Message message, Clock::time_point now) {
  stats_.given(now, message.qos);
  queue_.add(std::move(message));
}

void Publisher::add_to(Poller& poller) const {
  poller.add(client_.fd(), POLLIN);
  poller.until(client_.due());
  poller.until(disconnect_at_);
}

std::vector<connection::Delivery> Publisher::advance(Clock::time_point now) {
  client_.advance(now);
  std::vector<connection::Delivery> others;
  for (const auto& delivery : client_.deliveries()) {
    if (delivery.id == presence_id) {
      presence_in_flight_ = false;
      if (delivery.outcome == connection::Delivery::Outcome::denied) deny_presence(delivery.words);
      continue;
    }
    const auto* waiting = queue_.find(delivery.id);
    if (waiting == nullptr) {  // Taken already, before a loss, or another's.
      others.push_back(delivery);
      continue;
    }
    if (tell_) {
      const auto text = delivery.words.empty() ? "success" : delivery.words;
      tell(*waiting, delivery.reason, text, now, delivery.packet_id);
    }
    if (delivery.outcome != connection::Delivery::Outcome::denied) {
      if (delivery.reason == no_matching_subscribers) stats_.unheard(waiting->message.topic);
      stats_.taken(now);
      queue_.forget(delivery.id);
    } else {
      deny(*waiting, delivery.words, now);
    }
  }
  if (client_.connections() != connections_) {
    connections_ = client_.connections();
    queue_.resend_all();
    stats_.connected(now);
    presence_in_flight_ = false;
    presence_due_ = presence_.has_value();
  }
  if (disconnect_at_) go_offline(now);
  return others;
}

bool Publisher::publish_presence(bool online) {
  if (presence_denied_) return false;  // It would be denied again.
  const auto message =
      payload::presence_message(presence_->topic, online ? presence_->online : presence_->offline,
                                presence_->raw, std::chrono::system_clock::now());
  if (const auto why = client_.over_limits(message)) {
    deny_presence(*why);
    return false;
  }
  presence_in_flight_ = client_.send(presence_id, message);
  return presence_in_flight_;
}

void Publisher::deny_presence(const std::string& why) {
  presence_denied_ = true;
  presence_denial_ = "presence on " + presence_->topic + " was denied: " + why;
}

void Publisher::disconnect(Clock::time_point now) {
  constexpr Duration patience = std::chrono::milliseconds{500};
  if (presence_ && !presence_due_ && client_.ready()) {
    disconnect_at_ = now + patience;
    go_offline(now);
  } else {
    client_.disconnect();
  }
}

void Publisher::advance_until(Poller& poller, Clock::time_point deadline, const Advance& advance,
                              const std::function<bool()>& done) const {
  while (!done() && Clock::now() < deadline) {
    add_to(poller);
    poller.until(deadline);
    poller.wait();
    advance(Clock::now());
  }
}

void Publisher::leave(Poller& poller, Clock::time_point deadline, const Advance& advance) {
  disconnect(Clock::now());
  advance_until(poller, deadline, advance, [this] { return client_.disconnected(); });
}

/// First what is on its way that says that we are there, then that we are gone, then DISCONNECT.
void Publisher::go_offline(Clock::time_point now) {
  const bool late = now >= *disconnect_at_ || !client_.ready();
  if (presence_in_flight_ && !late) return;
  if (!std::exchange(offline_sent_, true) && client_.ready() && publish_presence(false) && !late) {
    return;
  }
  disconnect_at_.reset();
  client_.disconnect();
}

void Publisher::tell(const OutgoingQueue::Waiting& waiting, std::optional<int> reason,
                     const std::string& explanation, Clock::time_point now, int packet_id) const {
  if (!tell_) return;
  const auto took =
      waiting.since == Clock::time_point{} ? std::nullopt : std::optional{now - waiting.since};
  tell_({waiting.message, packet_id, reason, explanation, took});
}

void Publisher::tell_outstanding(Clock::time_point now) const {
  for (const auto& waiting : queue_.all()) {
    if (waiting.done) continue;
    const bool sent = waiting.since != Clock::time_point{};
    const bool answered = waiting.message.qos != Qos::at_most_once;
    tell(waiting, std::nullopt,
         !sent      ? "not sent"
         : answered ? "not acknowledged"
                    : "not written",
         now);
  }
}

void Publisher::deny(const OutgoingQueue::Waiting& waiting, const std::string& why,
                     Clock::time_point now) {
  auto text = "to " + waiting.message.topic + ": " + why;
  stats_.denied(text, now);
  denials_.push_back(std::move(text));
  queue_.forget(waiting.id);
}

bool Publisher::deliver(Clock::time_point now) {
  if (presence_due_ && client_.ready()) {
    presence_due_ = false;
    publish_presence(true);
  }
  while (client_.ready() && queue_.in_flight() < window()) {
    auto* waiting = queue_.next_unsent();
    if (waiting == nullptr) return false;
    if (const auto why = client_.over_limits(waiting->message)) {
      tell(*waiting, std::nullopt, *why, now);
      deny(*waiting, *why, now);
      continue;
    }
    if (!client_.send(waiting->id, waiting->message)) return true;
    queue_.mark_sent(*waiting, now);
  }
  return true;
}

}  // namespace mqtt_tools::run
