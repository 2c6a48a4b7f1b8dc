// SPDX-License-Identifier: MIT
//
// The doorstep to Paho. Only .cpp files of this room include it, and paho_connect.hpp.
#pragma once

#include "connection/options.hpp"

#include <string>

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

namespace mqtt_tools::connection::paho {

/// Sets the library up, once per process: no trace (its formatting costs a third of the speed) but
/// for --debug, no proxies from the environment, no initialisation of OpenSSL by Paho.
void set_up(bool debug);

/// From now on Paho's threads run until the process ends. They end with the last client otherwise,
/// and whoever destroys that waits for them. Not on the app's thread: it takes Paho's lock.
void keep_running();

/// From now on `trace` gets each packet that Paho's own trace tells of, in words, from any thread.
void trace_packets(void (*trace)(const char* packet));

/// Paho's number for a protocol version; automatic counts as MQTT 5.
int version_number(Version version);

std::string server_uri(const Options& options, const Endpoint& endpoint);

mqtt::subscribe_options to_paho(const Subscription& subscription);

/// The C handle inside a C++ client, for what the wrapper lacks or does slowly.
MQTTAsync handle_of(mqtt::async_client& client);

}  // namespace mqtt_tools::connection::paho
