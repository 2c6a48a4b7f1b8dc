// SPDX-License-Identifier: MIT
//
// Our options as Paho takes them. The one header that includes Paho's: only .cpp files of this
// folder include it.
#pragma once

#include "connection/options.hpp"

#include <chrono>
#include <string>

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

namespace mqtt_tools::connection::paho {

/// Paho's number for a protocol version; automatic counts as MQTT 5.
int version_number(Version version);

std::string server_uri(const Options& options, const Endpoint& endpoint);

mqtt::subscribe_options to_paho(const Subscription& subscription);

/// The C handle inside a C++ client, for what the wrapper lacks or does slowly.
MQTTAsync handle_of(mqtt::async_client& client);

/// What connect() needs, kept alive in one place: Paho C++ holds pointers into these objects.
struct Connect {
  MQTTAsync_SSLOptions raw_tls = MQTTAsync_SSLOptions_initializer;
  mqtt::ssl_options tls{};
  mqtt::connect_options options{};
  std::string proxy{};
};

/// Fills `connect` for one connection. `limit` is Paho's own time limit.
void fill(Connect& connect, const Options& options, Version version,
          std::chrono::seconds keep_alive, std::chrono::seconds limit);

/// The same for the C call, which a pre-shared key needs: what Paho C++ passes on for it dangles as
/// soon as connect() has returned. Refers to `connect` and `tls`.
MQTTAsync_connectOptions with_psk(Connect& connect, const Tls& tls);

}  // namespace mqtt_tools::connection::paho
