// SPDX-License-Identifier: MIT
#pragma once

#include "connection/courier.hpp"
#include "connection/mailbox.hpp"
#include "connection/options.hpp"
#include "connection/ring.hpp"

#include <cstdint>
#include <vector>

namespace mqtt_tools::connection {

/// What the sessions of one Client share. It outlives them all.
struct Shared {
  Options options{};
  Mailbox mailbox{};
  Ring ring{};
  Courier courier{};
  std::vector<std::uint16_t> unreleased{};  ///< See Session::unreleased(), of the last one.
};

}  // namespace mqtt_tools::connection
