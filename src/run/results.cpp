// SPDX-License-Identifier: MIT
#include "run/results.hpp"

#include "bytes.hpp"
#include "payload/decode.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

namespace mqtt_tools::run {

void append_result(std::string& line, const PublishResult& result) {
  const Message& message = result.message;
  payload::JsonObject object{line};
  object.text("topic", message.topic);
  object.number("qos", static_cast<std::uint64_t>(message.qos));
  if (result.packet_id != 0) object.number("mid", static_cast<std::uint64_t>(result.packet_id));
  object.number("bytes", message.payload.size());
  object.key("reason") += result.reason ? std::to_string(*result.reason) : "null";
  object.text("words", escaped(result.explanation));  // Any bytes may be in it.
  object.key("ms") += result.took ? milliseconds_text(*result.took) : "null";
}

connection::Subscription Verification::expect(const Message& message) {
  topic_ = message.topic;
  payload_ = message.payload;
  return {.filter = message.topic,
          .qos = message.qos,
          .retain_handling = connection::RetainHandling::never};
}

void Verification::sent(Clock::time_point now) {
  if (!sent_) sent_ = now;
}

void Verification::consider(const Message& message, Clock::time_point now) {
  if (message.topic != topic_ || took_ || is_over(due(), now)) return;
  if (message.payload == payload_) {
    took_ = now - sent_.value_or(now);
  } else {
    ++others_;
  }
}

std::optional<Clock::time_point> Verification::due() const {
  return sent_ && !took_ ? std::optional{*sent_ + limit_} : std::nullopt;
}

std::string Verification::explanation() const {
  if (took_) return {};
  auto text = "the message to " + topic_ + " did not come back within " + seconds_text(limit_);
  if (others_ > 0) {
    text += "; " + counted(others_, "other message") + " came";
  }
  return text;
}

Request::Request(const RequestOptions& options, const std::string& client_id,
                 output::StandardOutput& out)
    : options_(options),
      salt_(random_hex(8)),
      printer_(output::make_printer(options.output)),
      out_(out) {
  response_topic_ = options.response_topic.value_or("reply/" + client_id + "/" + salt_);
}

connection::Subscription Request::subscription() const {
  return {.filter = response_topic_, .retain_handling = connection::RetainHandling::never};
}

void Request::sent(Clock::time_point now) {
  if (options_.timeout && !deadline_) deadline_ = now + *options_.timeout;
}

void Request::address(Message& message) {
  ++asked_;
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
    out_.end_record(message.qos);
  } else {
    nothing_selected_ = true;
  }
}

bool Request::complete() const {
  return out_.closed() || (awaited_.empty() && out_.pending() == 0);
}

std::optional<Clock::time_point> Request::due() const {
  return awaited_.empty() ? std::nullopt : deadline_;
}

ExitCode Request::exit_code() const {
  if (out_.closed()) return ExitCode::ok;
  if (!awaited_.empty()) return ExitCode::timeout;
  return nothing_selected_ ? ExitCode::failure : ExitCode::ok;
}

std::string Request::explanation() const {
  if (out_.closed()) return {};
  if (awaited_.empty()) return nothing_selected_ ? "an answer lacks what --select asks for" : "";
  auto text = "no answer to " + std::to_string(awaited_.size()) + " of " +
              counted(asked_, "request") + " in time";
  if (unmarked_ + foreign_ == 0) return text;
  text += "; on " + response_topic_ + " came ";
  if (unmarked_ > 0) text += counted(unmarked_, "message") + " without correlation data";
  if (unmarked_ > 0 && foreign_ > 0) text += " and ";
  if (foreign_ > 0) text += counted(foreign_, "message") + " with that of another request";
  return text;
}

std::string milliseconds_text(Duration time) {
  return formatted("%.2f", std::chrono::duration<double, std::milli>{time}.count());
}

}  // namespace mqtt_tools::run
