// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "connection/session.hpp"
#include "connection/shared.hpp"

#include <memory>
#include <vector>

namespace mqtt_tools::connection {

/// The sessions that one client has made so far, for use again. The Keeper owns it, with all of
/// them; it is used from the app's thread.
class Sessions {
 public:
  explicit Sessions(Shared& shared) : shared_(shared) {}

  /// One for `endpoint` and `version` that may connect now; a new one when there is none.
  Session& fit(const Endpoint& endpoint, Version version);

 private:
  Shared& shared_;
  std::vector<std::unique_ptr<Session>> sessions_{};
};

}  // namespace mqtt_tools::connection
