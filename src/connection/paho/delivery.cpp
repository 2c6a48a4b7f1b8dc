// SPDX-License-Identifier: MIT

#include "connection/paho/delivery.hpp"

#include "connection/hooks/hooks.hpp"
#include "connection/paho/options.hpp"
#include "connection/paho/properties.hpp"
#include "connection/reason_code.hpp"

#include <utility>

namespace mqtt_tools::connection {

namespace {

/// A reason code and the broker's own string, as words.
std::string denial(int code, const MQTTProperties* properties) {
  auto words = puback_message(code);
  if (properties != nullptr) {
    if (const auto reason = paho::reason_string(*properties); !reason.empty()) {
      words += ": " + reason;
    }
  }
  return words;
}

// Called by Paho C with an Outstanding. `otherwise` is its end where the broker denies nothing.

using Outcome = Delivery::Outcome;

template <Outcome otherwise, typename Data>
void on_end(void* context, Data*) noexcept {
  auto* entry = static_cast<Outstanding*>(context);
  entry->deliveries->end(entry, otherwise);
}

template <Outcome otherwise, typename Data>
void on_end5(void* context, Data* data) noexcept {
  auto* entry = static_cast<Outstanding*>(context);
  const int code = data != nullptr ? static_cast<int>(data->reasonCode) : 0;
  try {
    if (code >= 0x80) {
      entry->deliveries->end(entry, Outcome::denied, denial(code, &data->properties));
      return;
    }
  } catch (...) {
  }
  on_end<otherwise>(context, data);
}

}  // namespace

Outstanding* Deliveries::start(std::uint64_t id, Clock::time_point since) {
  if (unused_.empty()) unused_.push_back(&entries_.emplace_back());
  auto* entry = unused_.back();
  *entry = {this, {id, Delivery::Outcome::acknowledged, {}, since}};
  unused_.pop_back();
  ++with_paho_;  // before it can end
  return entry;
}

void Deliveries::cancel(Outstanding* entry) {
  --with_paho_;
  unused_.push_back(entry);
}

/// The app is woken when half of what Paho has came back: to wake it for each would cost more than
/// the message. The last one always wakes it.
void Deliveries::end(Outstanding* entry, Delivery::Outcome outcome, std::string words) noexcept {
  bool wake = true;
  entry->delivery.outcome = outcome;
  entry->delivery.words = std::move(words);
  try {
    const std::lock_guard lock(mutex_);
    ended_.push_back(entry);
    // Without the hooks the broker's Nagle waits for our delayed acknowledgement, and a window
    // that is refilled in bunches stands still for 40 ms each time.
    wake = outcome != Delivery::Outcome::acknowledged || !hooks::counters.waits_shortened ||
           wake_ == Wake::for_each || 2 * ended_.size() >= with_paho_;
  } catch (...) {
    // No memory for an acknowledgement: --ack-timeout ends the run.
  }
  if (wake) events_.wake();
}

void Deliveries::take(std::vector<Delivery>& out) {
  {
    const std::lock_guard lock(mutex_);
    std::swap(taken_, ended_);
    with_paho_ -= taken_.size();
  }
  for (auto* entry : taken_) {
    if (entry->delivery.outcome != Delivery::Outcome::returned) {
      out.push_back(std::move(entry->delivery));
    }
    unused_.push_back(entry);
  }
  taken_.clear();
}

bool send_message(void* handle, bool v5, Outstanding* entry, const Message& message) {
  MQTTAsync_message out = MQTTAsync_message_initializer;
  out.payload = const_cast<char*>(message.payload.data());
  out.payloadlen = static_cast<int>(message.payload.size());
  out.qos = static_cast<int>(message.qos);
  out.retained = message.retained ? 1 : 0;
  MQTTAsync_responseOptions call = MQTTAsync_responseOptions_initializer;
  call.context = entry;
  if (v5) {
    call.onSuccess5 = on_end5<Outcome::acknowledged>;
    call.onFailure5 = on_end5<Outcome::returned>;
    if (!message.properties.empty()) paho::to_paho(message.properties, out.properties);
  } else {
    call.onSuccess = on_end<Outcome::acknowledged>;
    call.onFailure = on_end<Outcome::returned>;
  }
  const int code = MQTTAsync_sendMessage(handle, message.topic.c_str(), &out, &call);
  MQTTProperties_free(&out.properties);
  return code == MQTTASYNC_SUCCESS;
}

}  // namespace mqtt_tools::connection
