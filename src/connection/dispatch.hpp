// SPDX-License-Identifier: MIT
#pragma once

#include "connection/flights.hpp"
#include "message.hpp"

namespace mqtt_tools::connection {

/// Hands `message` to Paho's client `handle` (an MQTTAsync); what becomes of it lands as `flight`,
/// on one of Paho's threads. `v5`: the client speaks MQTT 5. False when Paho does not take it. On
/// the thread that makes calls to Paho (Courier).
bool dispatch(void* handle, bool v5, Flight* flight, const Message& message);

}  // namespace mqtt_tools::connection
