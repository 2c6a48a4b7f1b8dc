// SPDX-License-Identifier: MIT
#include "run/output_batching.hpp"

#include <algorithm>

namespace mqtt_tools::run {
namespace {

/// A silence after which nothing is held back.
constexpr Duration pause = 10 * OutputBatching::length;

}  // namespace

void OutputBatching::turn(std::size_t messages, Clock::time_point now) {
  counted_ += messages;
  const auto span = now - counted_from_;
  if (span >= length) {
    // As a rate, because a span can be longer: the machine is busy, or nothing came for a day.
    if (span / length <= static_cast<Duration::rep>(counted_ / busy)) {
      busy_spans_ = std::min(busy_spans_ + 1, enough);
    } else {
      busy_spans_ -= span < pause ? std::min<std::size_t>(busy_spans_, 2) : busy_spans_;
    }
    counted_ = 0;
    counted_from_ = now;
  }
  // Busy times have gaps: they begin with `enough` busy spans in a row and end with the half of it.
  if (busy_spans_ == enough || (until_ && busy_spans_ > enough / 2)) {
    until_ = now + length;
  } else {
    until_.reset();
  }
}

}  // namespace mqtt_tools::run
