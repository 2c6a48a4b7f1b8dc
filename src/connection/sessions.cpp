// SPDX-License-Identifier: MIT

#include "connection/sessions.hpp"

#include "connection/completion.hpp"

namespace mqtt_tools::connection {

Session& Sessions::fit(const Endpoint& endpoint, Version version) {
  for (auto& known : sessions_) {
    std::vector<Completion> too_late;
    known->take(too_late);
    // One with messages on their way is not used again: Paho might send them again beside us.
    if (known->endpoint() == endpoint && known->version() == version && !known->pending() &&
        known->outstanding() == 0) {
      return *known;
    }
  }
  // Abandoned sessions are rare (a broker that does not answer); the oldest go, but for the
  // newest.
  for (auto old = sessions_.begin(); old != sessions_.end() && sessions_.size() > 4;) {
    old = !(*old)->pending() ? sessions_.erase(old) : old + 1;
  }
  sessions_.push_back(std::make_unique<Session>(shared_, endpoint, version));
  return *sessions_.back();
}

}  // namespace mqtt_tools::connection
