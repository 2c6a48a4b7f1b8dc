// SPDX-License-Identifier: MIT

#include "run/delivery_stats.hpp"

#include <algorithm>

namespace mqtt_tools::run {

namespace {

std::string of_messages(std::uint64_t part, std::uint64_t all) {
  return std::to_string(part) + " of " + std::to_string(all) +
         (all == 1 ? " message" : " messages") + (part == 1 ? " was" : " were");
}

}  // namespace

void DeliveryStats::given(Clock::time_point now, Qos qos) {
  acknowledgeable_ = acknowledgeable_ || qos != Qos::at_most_once;
  if (outstanding() == 0) quiet_since_ = now;
  ++given_;
}

void DeliveryStats::taken(Clock::time_point now) {
  ++taken_;
  quiet_since_ = now;
}

void DeliveryStats::denied(const std::string& words, Clock::time_point now) {
  if (denied_++ == 0) why_ = words;
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

bool DeliveryStats::overdue(Clock::time_point now) const {
  const auto when = due();
  return when && now >= *when;
}

std::string DeliveryStats::unacknowledged() const {
  return of_messages(outstanding(), given_) + " not acknowledged";
}

std::string DeliveryStats::so_far(std::uint64_t unsent) const {
  const auto sent = given_ - std::min(unsent, given_);
  auto text = "of " + std::to_string(given_) + (given_ == 1 ? " message" : " messages") +
              " read, " + std::to_string(sent) + (sent == 1 ? " was" : " were") + " sent";
  if (acknowledgeable_) text += " and " + std::to_string(taken_) + " acknowledged";
  return text;
}

std::string DeliveryStats::summary() const {
  return std::to_string(taken_) + (taken_ == 1 ? " message was" : " messages were") +
         " acknowledged";
}

std::string DeliveryStats::denials() const {
  return of_messages(denied_, given_) + " denied, " + why_;
}

}  // namespace mqtt_tools::run
