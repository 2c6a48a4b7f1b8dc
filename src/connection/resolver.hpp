// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// One address of a host, with its port.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  /// "127.0.0.1", "::1": as numbers, without the port.
  std::string text() const;
};

/// What a name look-up gave: addresses in the order to try, or why there are none.
struct Resolved {
  std::vector<Address> addresses{};
  std::string error{};  ///< "name not found", … in words; empty when there are addresses.
};

/// The addresses of what needs no look-up: addresses, and `localhost`, which is loopback whatever
/// the system's files say (RFC 6761 §6.3). Else none. A thread and a resolver cost more than the
/// rest of a short run.
std::vector<Address> known_addresses(const std::string& host, int port);

/// Looks `host` (a name or an address) up. Waits as long as the system's resolver does: call it on
/// a thread of its own. Loopback names work without a configured network.
Resolved resolve(const std::string& host, int port);

/// From now on the look-up hook answers Paho's question for `host`, with or without its zone, with
/// `address`, so that the name stays the name for TLS and WebSocket while we choose the address.
/// Any thread.
void choose_address(const std::string& host, const Address& address);

/// What choose_address() said last for `host`, as text; empty if nothing. Any thread.
std::string chosen_address(const std::string& host);

/// This thread is inside resolve(), where the look-up hook must not answer.
bool resolving();

}  // namespace mqtt_tools::connection
