// SPDX-License-Identifier: MIT
#pragma once

#include "connection/cause.hpp"
#include "connection/options.hpp"
#include "connection/resolver.hpp"
#include "timestamp.hpp"

namespace mqtt_tools::connection {

/// Finds out why Paho could not connect to `endpoint` at `address`: connects once more itself (with
/// a proxy, to that one), and with TLS, shakes hands once; asks for the WebSocket if there is to be
/// one. Sends no byte of MQTT. Without TLS it says hello in TLS, to see whether that is what the
/// broker speaks. No words: up to here all is well. Waits until `deadline` at most: call it on a
/// thread of its own.
Cause find_cause(const Options& options, const Endpoint& endpoint, const Address& address,
                 Clock::time_point deadline);

}  // namespace mqtt_tools::connection
