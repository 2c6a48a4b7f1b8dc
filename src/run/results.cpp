// SPDX-License-Identifier: MIT
#include "run/results.hpp"

#include "bytes.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <chrono>
#include <random>

namespace mqtt_tools::run {

void append_outcome(std::string& line, const Outcome& outcome) {
  const Message& message = outcome.message;
  payload::JsonObject object{line};
  object.text("topic", message.topic);
  object.number("qos", static_cast<std::uint64_t>(message.qos));
  if (outcome.packet_id != 0) object.number("mid", static_cast<std::uint64_t>(outcome.packet_id));
  object.number("bytes", message.payload.size());
  object.key("reason") += outcome.reason ? std::to_string(*outcome.reason) : "null";
  object.text("words", escaped(outcome.words));  // Any bytes may be in it.
  object.key("ms") += outcome.took ? milliseconds_text(*outcome.took) : "null";
}

connection::Subscription Verification::expect(const Message& message) {
  topic_ = message.topic;
  payload_ = message.payload;
  connection::Subscription subscription;
  subscription.filter = message.topic;
  subscription.qos = message.qos;
  subscription.retain_handling = connection::RetainHandling::never;
  return subscription;
}

void Verification::sent(Clock::time_point now) {
  if (!sent_) sent_ = now;
}

void Verification::consider(const Message& message, Clock::time_point now) {
  if (message.topic != topic_ || over(now)) return;
  if (message.payload == payload_) {
    took_ = now - sent_.value_or(now);
  } else {
    ++others_;
  }
}

bool Verification::over(Clock::time_point now) const {
  const auto when = due();
  return took_ || (when && now >= *when);
}

std::optional<Clock::time_point> Verification::due() const {
  return sent_ ? std::optional{*sent_ + limit_} : std::nullopt;
}

std::string Verification::explanation() const {
  if (took_) return {};
  auto text =
      "the message to " + escaped(topic_) + " did not come back within " + seconds_text(limit_);
  if (others_ > 0) {
    text += "; " + counted(others_, "other message") + " came";
  }
  return text;
}

std::string random_hex(int bytes) {
  std::random_device device;
  std::string random;
  for (int i = 0; i < bytes; ++i) random += static_cast<char>(device() & 0xFF);
  return to_hex(random);
}

std::string milliseconds_text(Duration time) {
  return formatted("%.2f", std::chrono::duration<double, std::milli>{time}.count());
}

}  // namespace mqtt_tools::run
