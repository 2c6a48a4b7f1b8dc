// SPDX-License-Identifier: MIT

#include "run/request.hpp"

#include "payload/decode.hpp"
#include "text.hpp"

namespace mqtt_tools::run {

Request::Request(const RequestOptions& options, const std::string& client_id,
                 output::StandardOutput& out)
    : options_(options),
      salt_(random_hex(8)),
      printer_(output::make_printer(options.output)),
      out_(out) {
  response_topic_ = options.response_topic.value_or("reply/" + client_id + "/" + salt_);
}

connection::Subscription Request::subscription() const {
  connection::Subscription subscription;
  subscription.filter = response_topic_;
  subscription.retain_handling = connection::RetainHandling::never;
  return subscription;
}

void Request::address(Message& message, Clock::time_point now) {
  ++asked_;
  if (asked_ == 1 && options_.timeout) deadline_ = now + *options_.timeout;
  message.properties.response_topic = response_topic_;
  if (!message.properties.correlation_data) {
    message.properties.correlation_data = salt_ + "-" + std::to_string(asked_);
  }
  awaited_.insert(*message.properties.correlation_data);
}

bool Request::answers(const Message& message) {
  const auto& data = message.properties.correlation_data;
  if (data) {
    const bool ours = awaited_.erase(*data) > 0;
    foreign_ += ours ? 0 : 1;
    return ours;
  }
  // What was there before the request (retained, before MQTT 5) cannot answer it.
  if (options_.response_topic && awaited_.size() == 1 && !message.retained) {
    awaited_.clear();
    return true;
  }
  ++unmarked_;
  return false;
}

void Request::consider(const Message& message) {
  if (message.topic != response_topic_ || !answers(message)) return;
  if (printer_->print(payload::decode(message, options_.decode_as), out_.buffer())) {
    using Delivery = output::StandardOutput::Delivery;
    out_.end_record(message.qos == Qos::at_most_once ? Delivery::at_most_once
                                                     : Delivery::acknowledged);
  }
}

bool Request::over(Clock::time_point now) const {
  return out_.closed() || (awaited_.empty() && out_.pending() == 0) ||
         (deadline_ && now >= *deadline_);
}

std::optional<Clock::time_point> Request::due() const { return deadline_; }

ExitCode Request::exit_code() const {
  return awaited_.empty() || out_.closed() ? ExitCode::ok : ExitCode::timeout;
}

std::string Request::explanation() const {
  if (awaited_.empty() || out_.closed()) return {};
  auto text = "no answer to " + std::to_string(awaited_.size()) + " of " +
              counted(asked_, "request") + " in time";
  if (unmarked_ + foreign_ == 0) return text;
  text += "; on " + escaped(response_topic_) + " came ";
  if (unmarked_ > 0) text += counted(unmarked_, "message") + " without correlation data";
  if (unmarked_ > 0 && foreign_ > 0) text += " and ";
  if (foreign_ > 0) text += counted(foreign_, "message") + " with that of another request";
  return text;
}

}  // namespace mqtt_tools::run
