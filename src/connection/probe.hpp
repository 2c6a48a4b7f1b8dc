// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "connection/resolver.hpp"
#include "timestamp.hpp"

#include <string>

namespace mqtt_tools::connection {

/// Why a connection to a broker did not come about.
struct Cause {
  std::string words{};   ///< "connection refused (is a broker listening there?)", …
  bool reached = false;  ///< TCP, TLS and WebSocket came about: what failed is MQTT itself.
  bool lasting = false;  ///< Trying again cannot help: a certificate, a wrong protocol on the port.
};

/// Finds out why Paho could not connect to `endpoint` at `address`: connects once more itself and,
/// with TLS, shakes hands once; sends no application data and no byte of MQTT in plain text. Waits
/// until `deadline` at most: call it on a thread of its own.
Cause find_cause(const Options& options, const Endpoint& endpoint, const Address& address,
                 Clock::time_point deadline);

}  // namespace mqtt_tools::connection
