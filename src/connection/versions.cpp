// SPDX-License-Identifier: MIT

#include "connection/versions.hpp"

#include "connection/hooks/hooks.hpp"
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
  (void)hooks::in_effect();
  const bool shortens = hooks::short_waits != hooks::ShortWaits::not_built;
  // Debian's package of Paho C 1.3.12 calls itself 1.3.11.
  return "Paho MQTT C " + c + ", Paho MQTT C++ " + MQTT_TOOLS_PAHO_CPP + ", OpenSSL " +
         OpenSSL_version(OPENSSL_VERSION_STRING) +
         (shortens ? ", with shortened waits" : ", without shortened waits");
}

}  // namespace mqtt_tools::connection
