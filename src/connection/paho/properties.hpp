// SPDX-License-Identifier: MIT
#pragma once

#include "connection/paho/event_queue.hpp"
#include "connection/property.hpp"
#include "message.hpp"

#include <cstdint>

struct MQTTProperties;
namespace mqtt {
class properties;
}

namespace mqtt_tools::connection::paho {

// MQTT 5 properties: ours into Paho's and back. Any thread; no state. Throws only for want of
// memory.

/// Adds to `out`; the caller frees it with MQTTProperties_free().
void to_paho(const Properties& properties, MQTTProperties& out);
void to_paho(const PropertyList& list, MQTTProperties& out);
mqtt::properties to_paho(const PropertyList& list);
void add(MQTTProperties& out, int identifier, std::uint32_t number);

void from_paho(const MQTTProperties& in, Properties& out);
ServerLimits limits_from_paho(MQTTProperties in, bool session_present);

}  // namespace mqtt_tools::connection::paho
