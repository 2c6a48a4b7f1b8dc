// SPDX-License-Identifier: MIT

#include "connection/versions.hpp"

#include "connection/paho.hpp"

#include <openssl/crypto.h>
#include <cstring>

namespace mqtt_tools::connection {

std::string versions() {
  std::string c = "unknown";
  for (const auto* info = MQTTAsync_getVersionInfo(); info != nullptr && info->name != nullptr;
       ++info) {
    if (std::strcmp(info->name, "Version") == 0) c = info->value;
  }
  // Debian's package of Paho C 1.3.12 calls itself 1.3.11.
  return "Paho MQTT C " + c + ", Paho MQTT C++ " + MQTT_TOOLS_PAHO_CPP + ", OpenSSL " +
         OpenSSL_version(OPENSSL_VERSION_STRING);
}

}  // namespace mqtt_tools::connection
