// SPDX-License-Identifier: MIT

#include "connection/paho.hpp"

#include "connection/host.hpp"
#include "connection/open_member.hpp"

#include <cstdlib>

namespace mqtt_tools::connection::paho {

struct ClientHandle {
  using type = MQTTAsync mqtt::async_client::*;
  friend type member_of(ClientHandle);
};
template struct Open<ClientHandle, &mqtt::async_client::cli_>;

namespace {

void (*packet_trace)(const char*) = nullptr;

void on_trace(enum MQTTASYNC_TRACE_LEVELS, char* message) {
  if (packet_trace != nullptr && message != nullptr) packet_trace(message);
}

}  // namespace

void set_up(bool debug) {
  static bool done = false;
  if (done) return;
  done = true;
  // Paho 1.3.12 applies the first two to plain MQTT, and the last prints on stdout.
  for (const char* name : {"http_proxy", "https_proxy", "MQTT_C_CLIENT_TRACE"}) ::unsetenv(name);
  MQTTAsync_setTraceLevel(debug ? MQTTASYNC_TRACE_PROTOCOL : MQTTASYNC_TRACE_ERROR);
  MQTTAsync_init_options init = MQTTAsync_init_options_initializer;
  init.do_openssl_init = 0;  // OpenSSL 3 needs none, and tls.cpp has done it when TLS is on
  MQTTAsync_global_init(&init);
}

void keep_running() {
  static const MQTTAsync never_connected = [] {
    MQTTAsync client = nullptr;
    MQTTAsync_create(&client, "tcp://localhost", "", MQTTCLIENT_PERSISTENCE_NONE, nullptr);
    return client;
  }();
  static_cast<void>(never_connected);
}

void trace_packets(void (*trace)(const char* packet)) {
  packet_trace = trace;
  MQTTAsync_setTraceCallback(on_trace);
}

int version_number(Version version) {
  switch (version) {
    case Version::v3_1:
      return MQTTVERSION_3_1;
    case Version::v3_1_1:
      return MQTTVERSION_3_1_1;
    default:
      return MQTTVERSION_5;
  }
}

std::string server_uri(const Options& options, const Endpoint& endpoint) {
  const bool web = options.transport == Transport::websocket;
  std::string uri =
      web ? (options.tls.on ? "wss://" : "ws://") : (options.tls.on ? "ssl://" : "tcp://");
  // In WebSocket's "Host:" a zone has no place (RFC 6874 §3): only this machine knows it.
  uri += with_port(web ? without_zone(endpoint.host) : endpoint.host, port_of(endpoint, options));
  if (web) uri += options.websocket_path;
  return uri;
}

mqtt::subscribe_options to_paho(const Subscription& subscription) {
  return mqtt::subscribe_options(
      subscription.no_local, subscription.retain_as_published,
      static_cast<mqtt::subscribe_options::RetainHandling>(subscription.retain_handling));
}

MQTTAsync handle_of(mqtt::async_client& client) { return client.*member_of(ClientHandle{}); }

}  // namespace mqtt_tools::connection::paho
