// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "connection/paho/event_queue.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// Sets OpenSSL up where TLS is asked for, and Paho, once per process: no trace (its formatting
/// costs a third of the speed) but with Options::debug, when its packets are told to `events`,
/// which must live as long as the process; no proxies from the environment, no initialisation of
/// OpenSSL by Paho. Throws RunError where the files of TLS are of no use, or where the hooks do not
/// stand in front of Paho.
void set_up_libraries(const Options& options, EventQueue& events);

/// From now on Paho's threads run until the process ends. They end with the last client otherwise,
/// and whoever destroys that waits for them. Not on the app's thread: it takes Paho's lock.
void keep_paho_running();

/// What a line of Paho's trace says of a packet that no call or callback of ours shows (PINGREQ,
/// PINGRESP, PUBREC, PUBREL, PUBCOMP, PUBACK): its type and identifier. Nothing for all others, and
/// never a byte of a payload.
std::optional<std::string> traced_packet(std::string_view trace);

/// The libraries that carry the connection, with their versions as they name themselves:
/// "Paho MQTT C 1.3.11, Paho MQTT C++ 1.2.0, OpenSSL 3.0.17, with shortened waits".
std::string versions();

}  // namespace mqtt_tools::connection
