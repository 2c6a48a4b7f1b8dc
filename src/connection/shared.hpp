// SPDX-License-Identifier: MIT
#pragma once

#include "connection/courier.hpp"
#include "connection/hooks/connection_record.hpp"
#include "connection/mailbox.hpp"
#include "connection/options.hpp"
#include "connection/ring.hpp"

#include <memory>

namespace mqtt_tools::connection {

/// What the sessions of one Client share. It outlives them all.
struct Shared {
  Options options{};
  Mailbox mailbox{};
  Ring ring{};
  Courier courier{};
  std::shared_ptr<const hooks::ConnectionRecord> last{};  ///< Of the connection that was made last.
};

}  // namespace mqtt_tools::connection
