// SPDX-License-Identifier: MIT
#include "feed/paced.hpp"

#include <utility>

namespace mqtt_tools::feed {

Supply Paced::next(Clock::time_point now, Message& message) {
  if (!held_) {
    const Supply supply = inner_->next(now, ahead_);
    if (supply != Supply::message) {
      return supply;
    }
    held_ = true;
  }
  if (!pace_.open(now)) {
    return Supply::not_yet;
  }
  pace_.took(now);
  held_ = false;
  std::swap(message, ahead_);
  return Supply::message;
}

}  // namespace mqtt_tools::feed
