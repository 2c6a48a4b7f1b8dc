// SPDX-License-Identifier: MIT

#include "connection/paho/options.hpp"

#include "connection/paho/properties.hpp"
#include "connection/tls/context.hpp"
#include "connection/url.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection::paho {

/// Opens a private member: Paho C++ 1.2.0 keeps behind it what we need. An explicit instantiation
/// may name it (C++20 [temp.spec]/6), and its friend function hands the pointer to member out:
///
///   struct Handle { using type = int Owner::*; friend type member_of(Handle); };
///   template struct Open<Handle, &Owner::handle_>;
///   owner.*member_of(Handle{})
///
/// The tag must stand in this very namespace: only there its friend is this one.
template <class Tag, typename Tag::type pointer>
struct Open {
  friend typename Tag::type member_of(Tag) { return pointer; }
};

struct ClientHandle {
  using type = MQTTAsync mqtt::async_client::*;
  friend type member_of(ClientHandle);
};
template struct Open<ClientHandle, &mqtt::async_client::cli_>;

namespace {

/// Called by OpenSSL during a hand-shake, on a thread of Paho's. `context` is our Options' Tls.
unsigned on_psk(const char*, char* identity, unsigned identity_size, unsigned char* key,
                unsigned key_size, void* context) {
  return give_psk(*static_cast<const Tls*>(context), identity, identity_size, key, key_size);
}

const char* given(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

void fill_will(Connect& connect, const Will& will, bool v5) {
  auto& out = connect.will;
  const auto& message = will.message;
  out.topicName = message.topic.c_str();
  out.payload = {static_cast<int>(message.payload.size()), message.payload.data()};
  out.qos = static_cast<int>(message.qos);
  out.retained = message.retained ? 1 : 0;
  connect.call.will = &out;
  if (!v5) return;
  to_paho(will.message.properties, connect.will_properties);
  to_paho(will.properties, connect.will_properties);
  if (will.delay) add(connect.will_properties, MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL, *will.delay);
  connect.call.willProperties = &connect.will_properties;
}

void fill_tls(Connect& connect, const Tls& tls) {
  auto& out = connect.tls;
  out.trustStore = given(tls.ca_file);
  out.CApath = given(tls.ca_path);
  out.keyStore = given(tls.certificate);
  out.privateKey = given(tls.key);
  // Always set, so that OpenSSL never asks for one on the terminal.
  out.privateKeyPassword = tls.key_passphrase ? tls.key_passphrase->c_str() : " ";
  connect.ciphers = cipher_list(tls);
  out.enabledCipherSuites = connect.ciphers.c_str();
  out.enableServerCertAuth = tls.verify && !tls.psk ? 1 : 0;
  // Not `verify`: Paho would compare the name, by looser rules than ours (hooks/tls_handshake.hpp).
  for (const auto& protocol : tls.alpn) {  // RFC 7301 §3.1
    connect.alpn += static_cast<char>(protocol.size());
    connect.alpn += protocol;
  }
  if (!connect.alpn.empty()) {
    out.protos = reinterpret_cast<const unsigned char*>(connect.alpn.data());
    out.protos_len = static_cast<unsigned>(connect.alpn.size());
  }
  if (tls.psk) {
    out.ssl_psk_cb = on_psk;
    out.ssl_psk_context = const_cast<Tls*>(&tls);
    out.disableDefaultTrustStore = 1;
  }
  connect.call.ssl = &out;
}

void fill_proxy(Connect& connect, const Options& options) {
  connect.proxy = url_of(*options.proxy);
  if (options.tls.on) {
    // Paho takes off this scheme only, and speaks plain HTTP with the proxy all the same.
    connect.proxy.replace(0, sizeof "http" - 1, "https");
    connect.call.httpsProxy = connect.proxy.c_str();
  } else {
    connect.call.httpProxy = connect.proxy.c_str();
  }
}

void fill_properties(Connect& connect, const Options& options) {
  auto& out = connect.properties;
  to_paho(options.connect_properties, out);
  if (options.session_expiry) {
    add(out, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, *options.session_expiry);
  }
  auto receive_maximum = options.receive_maximum;
  if (options.count) {
    // Not more messages than will be shown (but for those that do not count).
    receive_maximum = static_cast<std::uint16_t>(
        std::min<std::uint64_t>(*options.count, receive_maximum.value_or(65535)));
  }
  if (receive_maximum && MQTTProperties_hasProperty(&out, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM) == 0) {
    add(out, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, *receive_maximum);
  }
  // The broker then leaves out what is larger, instead of our ending the connection with it.
  if (MQTTProperties_hasProperty(&out, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE) == 0) {
    add(out, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, static_cast<std::uint32_t>(options.max_packet));
  }
  connect.call.connectProperties = &out;
}

}  // namespace

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
  const bool http = web || options.proxy;
  // In HTTP a zone has no place (RFC 6874 §3): only this machine knows it.
  uri += with_port(http ? without_zone(endpoint.host) : endpoint.host, port_of(endpoint, options));
  // Paho takes one bracket off an IPv6 address, which in HTTP needs both.
  if (http && uri.find("://[") != std::string::npos) uri.insert(uri.rfind(']'), "]");
  if (web) uri += options.websocket_path;
  return uri;
}

mqtt::subscribe_options to_paho(const Subscription& subscription) {
  return mqtt::subscribe_options(
      subscription.no_local, subscription.retain_as_published,
      static_cast<mqtt::subscribe_options::RetainHandling>(subscription.retain_handling));
}

MQTTAsync handle_of(mqtt::async_client& client) { return client.*member_of(ClientHandle{}); }

Connect::~Connect() {
  MQTTProperties_free(&properties);
  MQTTProperties_free(&will_properties);
}

void fill(Connect& connect, const Options& options, Version version,
          std::chrono::seconds keep_alive, std::chrono::seconds limit) {
  auto& out = connect.call;
  const bool v5 = version_number(version) == MQTTVERSION_5;
  out.MQTTVersion = version_number(version);
  out.cleansession = !v5 && options.clean_start ? 1 : 0;
  out.cleanstart = v5 && options.clean_start ? 1 : 0;
  out.keepAliveInterval = static_cast<int>(keep_alive.count());
  out.connectTimeout = static_cast<int>(limit.count());
  out.maxInflight = 65535;  // our own window is smaller; Paho's would stall for a second when full
  const auto& [username, password] = options.credentials;
  if (username) out.username = username->c_str();
  if (password) out.binarypwd = {static_cast<int>(password->size()), password->data()};

  if (options.will) fill_will(connect, *options.will, v5);
  if (options.tls.on) fill_tls(connect, options.tls);
  if (!options.websocket_headers.empty()) {
    for (const auto& [name, value] : options.websocket_headers) {
      connect.headers.push_back({name.c_str(), value.c_str()});
    }
    connect.headers.push_back({nullptr, nullptr});
    out.httpHeaders = connect.headers.data();
  }
  if (options.proxy) fill_proxy(connect, options);
  if (v5) fill_properties(connect, options);
}

}  // namespace mqtt_tools::connection::paho
