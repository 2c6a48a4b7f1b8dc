// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mqtt_tools::connection {

/// The libraries that carry the connection, with their versions as they name themselves:
/// "Paho MQTT C 1.3.11, Paho MQTT C++ 1.2.0, OpenSSL 3.0.17, with shortened waits".
std::string versions();

}  // namespace mqtt_tools::connection
