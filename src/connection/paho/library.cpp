// SPDX-License-Identifier: MIT

#include "connection/paho/library.hpp"

#include "connection/hooks/hooks.hpp"
#include "connection/paho/options.hpp"
#include "connection/tls/context.hpp"
#include "error.hpp"

#include <openssl/crypto.h>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace mqtt_tools::connection {

void set_up_libraries(const Options& options) {
  if (!hooks::in_effect()) {
    throw RunError(ExitCode::failure,
                   "cannot check what a broker sends: this program was linked with a static Paho "
                   "library; build it with the shared one (libpaho-mqtt3as)");
  }
  check_tls_files(options.tls);
  static bool done = false;
  if (std::exchange(done, true)) return;
  // Paho 1.3.12 applies the first two to plain MQTT, and the last prints on stdout.
  for (const char* name : {"http_proxy", "https_proxy", "MQTT_C_CLIENT_TRACE"}) ::unsetenv(name);
  MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
  MQTTAsync_init_options init = MQTTAsync_init_options_initializer;
  init.do_openssl_init = 0;  // OpenSSL 3 needs none
  MQTTAsync_global_init(&init);
}

void keep_paho_running() {
  static const MQTTAsync never_connected = [] {
    MQTTAsync client = nullptr;
    MQTTAsync_create(&client, "tcp://localhost", "", MQTTCLIENT_PERSISTENCE_NONE, nullptr);
    return client;
  }();
  static_cast<void>(never_connected);
}

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
