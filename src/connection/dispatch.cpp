// SPDX-License-Identifier: MIT

#include "connection/dispatch.hpp"

#include "connection/paho.hpp"
#include "connection/paho_properties.hpp"
#include "connection/reason.hpp"
#include "large_pages.hpp"

namespace mqtt_tools::connection {

namespace {

/// A reason code and the broker's own string, as words.
std::string puback_text(int code, const MQTTProperties* properties) {
  auto words = puback_words(code);
  if (properties != nullptr) {
    if (const auto reason = paho::reason_string(*properties); !reason.empty()) {
      words += ": " + reason;
    }
  }
  return words;
}

// Called by Paho C with a Flight. What stands for no denial of the broker's came back, or not.

template <bool came_back, typename Data>
void on_end(void* context, Data*) noexcept {
  auto* flight = static_cast<Flight*>(context);
  flight->flights->land({flight, came_back, false, {}});
}

template <bool came_back, typename Data>
void on_end5(void* context, Data* data) noexcept {
  auto* flight = static_cast<Flight*>(context);
  const int code = data != nullptr ? static_cast<int>(data->reasonCode) : 0;
  try {
    if (code >= 0x80) {
      flight->flights->land({flight, false, true, puback_text(code, &data->properties)});
      return;
    }
  } catch (...) {
  }
  on_end<came_back>(context, data);
}

}  // namespace

bool dispatch(void* handle, bool v5, Flight* flight, const Message& message) {
  MQTTAsync_message out = MQTTAsync_message_initializer;
  out.payload = const_cast<char*>(message.payload.data());
  out.payloadlen = static_cast<int>(message.payload.size());
  out.qos = static_cast<int>(message.qos);
  out.retained = message.retained ? 1 : 0;
  MQTTAsync_responseOptions call = MQTTAsync_responseOptions_initializer;
  call.context = flight;
  if (v5) {
    call.onSuccess5 = on_end5<false>;
    call.onFailure5 = on_end5<true>;
    if (!message.properties.empty()) paho::to_paho(message.properties, out.properties);
  } else {
    call.onSuccess = on_end<false>;
    call.onFailure = on_end<true>;
  }
  ask_for_large_pages_next(message.payload.size());  // Paho takes a copy.
  const int code = MQTTAsync_sendMessage(handle, message.topic.c_str(), &out, &call);
  MQTTProperties_free(&out.properties);
  return code == MQTTASYNC_SUCCESS;
}

}  // namespace mqtt_tools::connection
