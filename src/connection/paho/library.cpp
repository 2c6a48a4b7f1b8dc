// SPDX-License-Identifier: MIT

#include "connection/paho/library.hpp"

#include "connection/hooks/hooks.hpp"
#include "connection/paho/options.hpp"
#include "connection/tls/context.hpp"
#include "error.hpp"

#include <openssl/crypto.h>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace mqtt_tools::connection {

namespace {

std::atomic<EventQueue*> trace_to{nullptr};

/// Called by Paho, on any thread.
void on_trace(enum MQTTASYNC_TRACE_LEVELS, char* message) noexcept {
  auto* events = trace_to.load(std::memory_order_acquire);
  if (events == nullptr || message == nullptr) return;
  try {
    if (auto packet = traced_packet(message)) {
      Event event;
      event.kind = Event::Kind::traced;
      event.text = std::move(*packet);
      events->post(std::move(event));
    }
  } catch (...) {
    // No exception may cross Paho; a line of --debug is the least loss.
  }
}

}  // namespace

void set_up_libraries(const Options& options, EventQueue& events) {
  if (!hooks::in_effect()) {
    throw RunError(ExitCode::failure,
                   "cannot check what a broker sends: this program was linked with a static Paho "
                   "library; build it with the shared one (libpaho-mqtt3as)");
  }
  if (options.tls.on) {
    check_tls_files(options.tls);
    prepare_tls(options.tls);
  }
  if (options.debug) {
    trace_to.store(&events, std::memory_order_release);
    MQTTAsync_setTraceCallback(on_trace);
  }
  static bool done = false;
  if (std::exchange(done, true)) return;
  // Paho 1.3.12 applies the first two to plain MQTT, and the last prints on stdout.
  for (const char* name : {"http_proxy", "https_proxy", "MQTT_C_CLIENT_TRACE"}) ::unsetenv(name);
  MQTTAsync_setTraceLevel(options.debug ? MQTTASYNC_TRACE_PROTOCOL : MQTTASYNC_TRACE_ERROR);
  MQTTAsync_init_options init = MQTTAsync_init_options_initializer;
  init.do_openssl_init = 0;  // OpenSSL 3 needs none, and tls.cpp has done it when TLS is on
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

std::optional<std::string> traced_packet(std::string_view trace) {
  // "3 client-id -> PUBREL msgid: 7 (0)", "3 client-id <- PINGRESP"; a payload comes after its
  // arrow.
  constexpr std::string_view out = " -> ";
  constexpr std::string_view in = " <- ";
  const auto at = std::min(trace.find(out), trace.find(in));
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = trace.substr(at + out.size());
  for (const std::string_view type :
       {"PINGREQ", "PINGRESP", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP"}) {
    if (rest.substr(0, type.size()) != type) continue;
    std::string packet(trace.substr(at + 1, 3));
    packet += type;
    constexpr std::string_view label = " msgid: ";
    if (const auto id = rest.find(label); id != std::string_view::npos) {
      packet += " id ";
      for (auto c = id + label.size(); c < rest.size() && rest[c] >= '0' && rest[c] <= '9'; ++c) {
        packet += rest[c];
      }
    }
    return packet;
  }
  return std::nullopt;
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
