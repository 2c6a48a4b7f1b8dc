// SPDX-License-Identifier: MIT
//
// The doorstep to Paho: our structs into Paho's and back. Only .cpp files of this room include it.
#pragma once

#include "connection/mailbox.hpp"
#include "connection/options.hpp"
#include "message.hpp"

#include <chrono>
#include <string>

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

namespace mqtt_tools::connection::paho {

/// Sets the library up, once per process: no trace (its formatting costs a third of the speed) but
/// for --debug, no proxies from the environment, no initialisation of OpenSSL by Paho.
void set_up(bool debug);

/// From now on `trace` gets each packet that Paho's own trace tells of, in words, from any thread.
void trace_packets(void (*trace)(const char* packet));

/// Paho's number for a protocol version; automatic counts as MQTT 5.
int version_number(Version version);

std::string server_uri(const Options& options, const Endpoint& endpoint);

/// What connect() needs, kept alive in one place: Paho C++ holds pointers into these objects.
struct Connect {
  MQTTAsync_SSLOptions raw_tls = MQTTAsync_SSLOptions_initializer;
  mqtt::ssl_options tls{};
  mqtt::connect_options options{};
  std::string proxy{};
};

/// Fills `connect` for one connection to `endpoint`. `limit` is Paho's own time limit.
void fill(Connect& connect, const Options& options, Version version,
          std::chrono::seconds keep_alive, std::chrono::seconds limit);

/// The same for the C call, which a pre-shared key needs: what Paho C++ passes on for it dangles as
/// soon as connect() has returned. Refers to `connect` and `tls`.
MQTTAsync_connectOptions with_psk(Connect& connect, const Tls& tls);

mqtt::properties to_paho(const PropertyList& list);
mqtt::subscribe_options to_paho(const Subscription& subscription);

/// Adds to `out`; the caller frees it with MQTTProperties_free().
void to_paho(const Properties& properties, MQTTProperties& out);
void to_paho(const PropertyList& list, MQTTProperties& out);

void from_paho(const MQTTProperties& in, Properties& out);
Limits limits_from_paho(const MQTTProperties& properties, bool session_present);

/// The reason string among `properties`, or empty (MQTT 5.0 §3.4.2.2.2).
std::string reason_string(const MQTTProperties& properties);

/// The C handle inside a C++ client, for what the wrapper lacks or does slowly.
MQTTAsync handle_of(mqtt::async_client& client);

}  // namespace mqtt_tools::connection::paho
