// SPDX-License-Identifier: MIT

#include "connection/paho/delivery.hpp"

#include "connection/hooks/hooks.hpp"
#include "connection/paho/options.hpp"
#include "connection/paho/properties.hpp"
#include "connection/reason_code.hpp"

#include <utility>

namespace mqtt_tools::connection {

Outstanding* Deliveries::start(std::uint64_t id, Qos qos, Clock::time_point since) {
  using Outcome = Delivery::Outcome;
  if (unused_.empty()) unused_.push_back(&entries_.emplace_back());
  auto* entry = unused_.back();
  // What it becomes unless something goes wrong.
  const auto outcome = qos == Qos::at_most_once ? Outcome::written : Outcome::acknowledged;
  *entry = {this, {id, outcome, 0, 0, {}, since}};
  unused_.pop_back();
  ++with_paho_;  // before it can end
  return entry;
}

void Deliveries::cancel(Outstanding* entry) {
  --with_paho_;
  unused_.push_back(entry);
}

void Deliveries::done(Outstanding* entry, int code, int id) noexcept {
  if (entry->delivery.outcome == Delivery::Outcome::acknowledged) {
    entry->delivery.packet_id = id;
    explain(entry->delivery, code, id);
  }
  end(entry);
}

void Deliveries::returned(Outstanding* entry, int code, int id) noexcept {
  entry->delivery.outcome = Delivery::Outcome::returned;
  entry->delivery.packet_id = id;
  if (code >= 0x80) explain(entry->delivery, code, id);
  end(entry);
}

/// Paho passes some reason codes on and drops others, and all that is said beside them.
void Deliveries::explain(Delivery& delivery, int code, int id) noexcept {
  std::string text;
  try {
    using enum hooks::PacketType;
    if (const auto remark =
            record_.take_remark({puback, pubrec, pubcomp}, static_cast<std::uint16_t>(id))) {
      if (remark->code != 0) code = remark->code;
      text = remark->text();
    }
    delivery.reason = code;
    if (code >= 0x80) delivery.outcome = Delivery::Outcome::denied;
    if (code == 0 && text.empty()) return;
    delivery.words = reason_message(code);
    if (!text.empty()) delivery.words += ": " + text;
  } catch (...) {
    // No memory for the words.
  }
}

/// The app is woken when half of what Paho has came back: to wake it for each would cost more than
/// the message. The last one always wakes it.
void Deliveries::end(Outstanding* entry) noexcept {
  bool wake = true;
  const bool fine = entry->delivery.outcome == Delivery::Outcome::acknowledged ||
                    entry->delivery.outcome == Delivery::Outcome::written;
  try {
    const std::lock_guard lock(mutex_);
    ended_.push_back(entry);
    // Without the hooks the broker's Nagle waits for our delayed acknowledgement, and a window
    // that is refilled in bunches stands still for 40 ms each time.
    wake = !fine || !hooks::waits_shortened() || wake_ == Wake::for_each ||
           2 * ended_.size() >= with_paho_;
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
  paho::on_end(
      call, v5,
      [](void* context, auto* data) {
        auto* const ended = static_cast<Outstanding*>(context);
        ended->deliveries->done(ended, paho::reason_in(data), data != nullptr ? data->token : 0);
      },
      [](void* context, auto* data) {
        auto* const ended = static_cast<Outstanding*>(context);
        ended->deliveries->returned(ended, paho::reason_in(data),
                                    data != nullptr ? data->token : 0);
      });
  if (v5 && !message.properties.empty()) paho::to_paho(message.properties, out.properties);
  const int code = MQTTAsync_sendMessage(handle, message.topic.c_str(), &out, &call);
  MQTTProperties_free(&out.properties);
  return code == MQTTASYNC_SUCCESS;
}

}  // namespace mqtt_tools::connection
