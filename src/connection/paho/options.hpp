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

/// Sets what Paho calls when `call` has ended, with its context and with data that may be null.
/// MQTT 5 has callbacks of its own, with a reason code in their data.
template <typename Call, typename Success, typename Failure>
void on_end(Call& call, bool v5, Success success, Failure failure) {
  if (v5) {
    call.onSuccess5 = success;
    call.onFailure5 = failure;
  } else {
    call.onSuccess = success;
    call.onFailure = failure;
  }
}

/// The reason code in what such a callback is given, or 0.
template <typename Data>
int reason_in(const Data* data) {
  if constexpr (requires { data->reasonCode; })
    return data ? static_cast<int>(data->reasonCode) : 0;
  return 0;
}

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
