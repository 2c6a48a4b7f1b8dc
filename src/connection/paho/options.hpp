// SPDX-License-Identifier: MIT
//
// Our options as Paho takes them. The one header that includes Paho's: only .cpp files of this
// folder include it.
#pragma once

#include "connection/options.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

namespace mqtt_tools::connection::paho {

/// Paho's number for a protocol version; automatic counts as MQTT 5.
int version_number(Version version);

std::string server_uri(const Options& options, const Endpoint& endpoint);

mqtt::subscribe_options to_paho(const Subscription& subscription);

/// The C handle inside a C++ client, for what the wrapper lacks or does slowly.
MQTTAsync handle_of(mqtt::async_client& client);

/// What MQTTAsync_connect() is called with. Not by Paho C++: what it keeps of a pre-shared key
/// dangles as soon as connect() has returned.
struct Connect {
  Connect() = default;
  ~Connect();
  Connect(const Connect&) = delete;
  Connect& operator=(const Connect&) = delete;

  MQTTAsync_connectOptions call = MQTTAsync_connectOptions_initializer;

  // What it points at.
  MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
  std::string ciphers{};
  std::string alpn{};
  MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
  MQTTProperties properties = MQTTProperties_initializer;
  MQTTProperties will_properties = MQTTProperties_initializer;
  std::vector<MQTTAsync_nameValue> headers{};
  std::string proxy{};
};

/// Fills `connect`, which is new, for one connection. It then points at `options`, too. `limit` is
/// Paho's own time limit.
void fill(Connect& connect, const Options& options, Version version,
          std::chrono::seconds keep_alive, std::chrono::seconds limit);

}  // namespace mqtt_tools::connection::paho
