// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "connection/reporter.hpp"

namespace mqtt_tools::connection {

namespace paho {
struct Connect;
}

/// connect() with a pre-shared key, which needs the C call on Paho's client `handle` (an
/// MQTTAsync); `v5`: it speaks MQTT 5. On the thread that makes calls to Paho (Courier); what comes
/// of it is reported on one of Paho's. All that it refers to must live as long as the client.
void connect_with_psk(void* handle, bool v5, paho::Connect& connect, const Tls& tls,
                      Reporter& reporter);

}  // namespace mqtt_tools::connection
