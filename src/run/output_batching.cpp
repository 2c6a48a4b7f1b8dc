// SPDX-License-Identifier: MIT
#include "run/output_batching.hpp"

#include <algorithm>

namespace mqtt_tools::run {
namespace {

/// A silence that ends every rush.
constexpr Duration pause = 10 * OutputBatching::length;

}  // namespace

void OutputBatching::turn(std::size_t messages, Clock::time_point now) {
  counted_ += messages;
  const auto span = now - counted_from_;
  if (span >= length) {
    // As a rate, because a span can be longer: the machine is busy, or nothing came for a day.
    if (span / length <= static_cast<Duration::rep>(counted_ / crowd)) {
      crowds_ = std::min(crowds_ + 1, rush);
    } else {
      crowds_ -= span < pause ? std::min<std::size_t>(crowds_, 2) : crowds_;
    }
    counted_ = 0;
    counted_from_ = now;
  }
  // A rush has gaps: it begins with all of its crowds and ends with the half.
  if (crowds_ == rush || (until_ && crowds_ > rush / 2)) {
    until_ = now + length;
  } else {
    until_.reset();
  }
}

}  // namespace mqtt_tools::run
