// SPDX-License-Identifier: MIT
#include "cli/breath.hpp"

namespace mqtt_tools::cli {

void Breath::turn(std::size_t messages, Clock::time_point now) {
  counted_ += messages;
  const auto span = now - counted_from_;
  if (span >= length) {
    // As a rate, because a span can be longer: the machine is busy, or nothing came for a day.
    const bool crowded = span / length <= static_cast<Duration::rep>(counted_ / crowd);
    crowds_ = crowded ? crowds_ + 1 : 0;
    counted_ = 0;
    counted_from_ = now;
  }
  until_.reset();
  if (crowds_ >= rush) until_ = now + length;
}

}  // namespace mqtt_tools::cli
