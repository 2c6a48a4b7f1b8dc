// SPDX-License-Identifier: MIT
#include "connection/options.hpp"

namespace mqtt_tools::connection {

std::string version_name(Version version) {
  switch (version) {
    case Version::v3_1:
      return "3.1";
    case Version::v3_1_1:
      return "3.1.1";
    default:
      return "5";
  }
}

int default_port(const Options& options) {
  if (options.transport == Transport::websocket) return options.tls.on ? 443 : 80;
  return options.tls.on ? 8883 : 1883;
}

int port_of(const Endpoint& endpoint, const Options& options) {
  return endpoint.port != 0 ? endpoint.port : default_port(options);
}

}  // namespace mqtt_tools::connection
