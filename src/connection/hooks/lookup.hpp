// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

namespace mqtt_tools::connection::hooks {

/// `address` as it is to be connected to. Paho copies an IPv6 address from what it looked up and
/// forgets the zone: when this thread looked that very address up last, `room` is filled with the
/// whole of it, and returned. The thread that looked it up.
const sockaddr* with_zone(const sockaddr* address, socklen_t size, sockaddr_in6& room);

}  // namespace mqtt_tools::connection::hooks
