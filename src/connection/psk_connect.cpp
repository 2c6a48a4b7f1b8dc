// SPDX-License-Identifier: MIT

#include "connection/psk_connect.hpp"

#include "connection/paho_connect.hpp"
#include "connection/paho_properties.hpp"

namespace mqtt_tools::connection {

namespace {

void accepted(void* reporter, const MQTTProperties& properties, bool session_present) noexcept {
  auto& self = *static_cast<Reporter*>(reporter);
  try {
    if (self.settle()) self.connected(paho::limits_from_paho(properties, session_present));
  } catch (...) {
    // No memory for the event: the limit on the wait ends the attempt.
  }
}

}  // namespace

void connect_with_psk(void* handle, bool v5, paho::Connect& connect, const Tls& tls,
                      Reporter& reporter) {
  auto call = paho::with_psk(connect, tls);
  call.context = &reporter;
  if (v5) {
    call.onSuccess5 = [](void* self, MQTTAsync_successData5* data) {
      accepted(self, data->properties, data->alt.connect.sessionPresent != 0);
    };
    call.onFailure5 = [](void* self, MQTTAsync_failureData5* data) {
      static_cast<Reporter*>(self)->not_connected(data->code, static_cast<int>(data->reasonCode));
    };
  } else {
    call.onSuccess = [](void* self, MQTTAsync_successData* data) {
      const MQTTProperties none = MQTTProperties_initializer;
      accepted(self, none, data->alt.connect.sessionPresent != 0);
    };
    call.onFailure = [](void* self, MQTTAsync_failureData* data) {
      static_cast<Reporter*>(self)->not_connected(data->code, 0);
    };
  }
  if (const int code = MQTTAsync_connect(handle, &call); code != MQTTASYNC_SUCCESS) {
    reporter.not_connected(code, 0);
  }
}

}  // namespace mqtt_tools::connection
