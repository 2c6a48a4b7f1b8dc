// SPDX-License-Identifier: MIT

#include "connection/flights.hpp"

#include "connection/hooks/hooks.hpp"

#include <utility>

namespace mqtt_tools::connection {

Flight* Flights::start(std::uint64_t id, Clock::time_point since) {
  if (unused_.empty()) unused_.push_back(&flights_.emplace_back());
  auto* flight = unused_.back();
  *flight = {this, id, since};
  unused_.pop_back();
  ++in_flight_;  // before it can land
  return flight;
}

void Flights::cancel(Flight* flight) {
  --in_flight_;
  unused_.push_back(flight);
}

/// The app is woken when half of what is in flight came back: to wake it for each would cost more
/// than the message. The last one in flight always wakes it.
void Flights::land(Landing landing) noexcept {
  bool tell = true;
  try {
    const std::lock_guard lock(mutex_);
    const bool taken = !landing.came_back && !landing.denied;
    landings_.push_back(std::move(landing));
    // Without the hooks the broker's Nagle waits for our delayed acknowledgement, and a window
    // that is refilled in bunches stands still for 40 ms each time.
    tell = !taken || !hooks::counters.waits_shortened || tell_ == Tell::now ||
           2 * landings_.size() >= in_flight_;
  } catch (...) {
    // No memory for an acknowledgement: --ack-timeout ends the run.
  }
  if (tell) mailbox_.wake();
}

void Flights::take(std::vector<Completion>& out) {
  {
    const std::lock_guard lock(mutex_);
    std::swap(landed_, landings_);
    in_flight_ -= landed_.size();
  }
  for (auto& landing : landed_) {
    if (!landing.came_back) {
      out.push_back({landing.flight->id,
                     landing.denied ? Completion::Outcome::denied : Completion::Outcome::taken,
                     std::move(landing.words), landing.flight->since});
    }
    unused_.push_back(landing.flight);
  }
  landed_.clear();
}

}  // namespace mqtt_tools::connection
