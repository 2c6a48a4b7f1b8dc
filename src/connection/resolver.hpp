// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// One address of a host, with its port, or a Unix-domain socket.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;  ///< 0: none.

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  /// "127.0.0.1", "::1": as numbers, without the port.
  std::string text() const;
};

/// What a name look-up gave: addresses in the order to try, or why there are none.
struct Resolved {
  std::vector<Address> addresses{};
  std::string error{};  ///< "name not found", … in words; empty when there are addresses.
};

/// The address that `host` writes as numbers; nothing if it is a name.
std::optional<Address> numeric_address(const std::string& host, int port);

/// The socket at `path`, which read_socket_path() takes.
Address socket_address(const std::string& path);

/// The addresses of what needs no look-up: addresses, and `localhost`, which is loopback whatever
/// the system's files say (RFC 6761 §6.3). Else none. A thread and a resolver cost more than the
/// rest of a short run.
std::vector<Address> known_addresses(const std::string& host, int port);

/// Looks `host` (a name or an address) up. Waits as long as the system's resolver does: call it on
/// a thread of its own. Loopback names work without a configured network.
Resolved resolve(const std::string& host, int port);

}  // namespace mqtt_tools::connection
