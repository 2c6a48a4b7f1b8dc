// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <string>

namespace mqtt_tools::connection {

/// Sets OpenSSL up where TLS is asked for, and Paho, once per process: no trace (its formatting
/// costs a third of the speed), no proxies from the environment, no initialisation of OpenSSL by
/// Paho. Throws RunError where the files of TLS are of no use, or where the hooks do not stand in
/// front of Paho.
void set_up_libraries(const Options& options);

/// From now on Paho's threads run until the process ends. They end with the last client otherwise,
/// and whoever destroys that waits for them. Not on the main thread: it takes Paho's lock.
void keep_paho_running();

/// The libraries that carry the connection, with their versions as they name themselves:
/// "Paho MQTT C 1.3.11, Paho MQTT C++ 1.2.0, OpenSSL 3.0.17, with shortened waits".
std::string versions();

}  // namespace mqtt_tools::connection
