// SPDX-License-Identifier: MIT
//
// Only .cpp files of this room include it: it holds objects of Paho's.
#pragma once

#include "connection/options.hpp"
#include "connection/paho.hpp"

#include <chrono>
#include <string>

namespace mqtt_tools::connection::paho {

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

}  // namespace mqtt_tools::connection::paho
