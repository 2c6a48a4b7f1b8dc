// SPDX-License-Identifier: MIT
#include "connection/options.hpp"

namespace mqtt_tools::connection {

int default_port(const Options& options) {
  if (options.transport == Transport::websocket) return options.tls.on ? 443 : 80;
  return options.tls.on ? 8883 : 1883;
}

}  // namespace mqtt_tools::connection
