// SPDX-License-Identifier: MIT
#pragma once

#include "connection/courier.hpp"
#include "connection/hooks/packet_guard.hpp"
#include "connection/mailbox.hpp"
#include "connection/options.hpp"
#include "connection/ring.hpp"

namespace mqtt_tools::connection {

/// What the sessions of one Client share. It outlives them all.
struct Shared {
  Options options{};
  Mailbox mailbox{};
  Ring ring{};
  Courier courier{};
  hooks::PacketGuard::UnreleasedById unreleased{};  ///< Of the last connection, for the next one.
};

}  // namespace mqtt_tools::connection
