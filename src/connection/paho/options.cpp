// SPDX-License-Identifier: MIT

#include "connection/paho/options.hpp"

#include "connection/paho/properties.hpp"
#include "connection/tls/context.hpp"
#include "connection/url.hpp"

#include <algorithm>
#include <string_view>
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

struct TlsStruct {
  using type = MQTTAsync_SSLOptions mqtt::ssl_options::*;
  friend type member_of(TlsStruct);
};
template struct Open<TlsStruct, &mqtt::ssl_options::opts_>;

struct ConnectStruct {
  using type = MQTTAsync_connectOptions mqtt::connect_options::*;
  friend type member_of(ConnectStruct);
};
template struct Open<ConnectStruct, &mqtt::connect_options::opts_>;

namespace {

/// Called by OpenSSL during a hand-shake, on a thread of Paho's. `context` is our Options' Tls.
unsigned on_psk(const char*, char* identity, unsigned identity_size, unsigned char* key,
                unsigned key_size, void* context) {
  return give_psk(*static_cast<const Tls*>(context), identity, identity_size, key, key_size);
}

void fill_will(mqtt::connect_options& out, const Will& will, bool v5) {
  mqtt::properties properties;
  if (v5) {
    properties = to_paho(will.properties);
    if (will.delay) {
      properties.add({mqtt::property::WILL_DELAY_INTERVAL, static_cast<std::int32_t>(*will.delay)});
    }
  }
  mqtt::will_options paho_will(will.message.topic, will.message.payload.data(),
                               will.message.payload.size(), static_cast<int>(will.message.qos),
                               will.message.retained, properties);
  out.set_will(std::move(paho_will));
}

void fill_tls(Connect& connect, const Tls& tls) {
  auto& out = connect.tls;
  if (!tls.ca_file.empty()) out.set_trust_store(tls.ca_file);
  if (!tls.ca_path.empty()) out.ca_path(tls.ca_path);
  if (!tls.certificate.empty()) out.set_key_store(tls.certificate);
  if (!tls.key.empty()) out.set_private_key(tls.key);
  // Always set, so that OpenSSL never asks for one on the terminal.
  out.set_private_key_password(tls.key_passphrase.value_or(" "));
  out.set_enabled_cipher_suites(cipher_list(tls));
  out.set_enable_server_cert_auth(tls.verify && !tls.psk);
  out.set_verify(tls.verify && tls.verify_name && !tls.psk);
  if (!tls.alpn.empty()) out.set_alpn_protos(tls.alpn);
}

/// `http://user:password@host:port`, with everything but letters and digits in %-form.
std::string proxy_uri(const Proxy& proxy) {
  const auto coded = [](std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
      if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        out += c;
      } else {
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte / 16], digits[byte % 16]};
      }
    }
    return out;
  };
  std::string uri = "http://";
  if (proxy.username) {
    uri += coded(*proxy.username);
    if (proxy.password) uri += ":" + coded(*proxy.password);
    uri += "@";
  }
  return uri + with_port(proxy.host, proxy.port);
}

void fill_proxy(Connect& connect, const Options& options) {
  connect.proxy = proxy_uri(*options.proxy);
  if (options.tls.on) {
    // Paho takes off this scheme only, and speaks plain HTTP with the proxy all the same.
    connect.proxy.replace(0, sizeof "http" - 1, "https");
    connect.options.set_https_proxy(connect.proxy);
  } else {
    connect.options.set_http_proxy(connect.proxy);
  }
}

void fill_properties(mqtt::connect_options& out, const Options& options) {
  auto properties = to_paho(options.connect_properties);
  if (options.session_expiry) {
    properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL,
                    static_cast<std::int32_t>(*options.session_expiry)});
  }
  auto receive_maximum = options.receive_maximum;
  if (options.count) {
    // Not more messages than will be shown (but for those that do not count).
    receive_maximum = static_cast<std::uint16_t>(
        std::min<std::uint64_t>(*options.count, receive_maximum.value_or(65535)));
  }
  if (receive_maximum && !properties.contains(mqtt::property::RECEIVE_MAXIMUM)) {
    properties.add({mqtt::property::RECEIVE_MAXIMUM, static_cast<std::int32_t>(*receive_maximum)});
  }
  // The broker then leaves out what is larger, instead of our ending the connection with it.
  if (!properties.contains(mqtt::property::MAXIMUM_PACKET_SIZE)) {
    properties.add(
        {mqtt::property::MAXIMUM_PACKET_SIZE, static_cast<std::int32_t>(options.max_packet)});
  }
  if (!properties.empty()) out.set_properties(properties);
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

void fill(Connect& connect, const Options& options, Version version,
          std::chrono::seconds keep_alive, std::chrono::seconds limit) {
  auto& out = connect.options;
  const bool v5 = version_number(version) == MQTTVERSION_5;
  out.set_mqtt_version(version_number(version));
  if (v5) {
    out.set_clean_start(options.clean_start);
  } else {
    out.set_clean_session(options.clean_start);
  }
  out.set_keep_alive_interval(static_cast<int>(keep_alive.count()));
  out.set_connect_timeout(static_cast<int>(limit.count()));
  out.set_max_inflight(
      65535);  // our own window is smaller; Paho's would stall for a second when full
  out.set_automatic_reconnect(false);
  if (options.credentials.username) out.set_user_name(*options.credentials.username);
  if (options.credentials.password) out.set_password(*options.credentials.password);

  if (options.will) fill_will(out, *options.will, v5);
  if (options.tls.on) {
    fill_tls(connect, options.tls);
    out.set_ssl(connect.tls);
  }
  if (!options.websocket_headers.empty()) {
    mqtt::name_value_collection headers;
    for (const auto& [name, value] : options.websocket_headers) headers.insert({name, value});
    out.set_http_headers(headers);
  }
  if (options.proxy) fill_proxy(connect, options);
  if (v5) fill_properties(out, options);
}

MQTTAsync_connectOptions with_psk(Connect& connect, const Tls& tls) {
  connect.raw_tls = connect.tls.*member_of(TlsStruct{});
  connect.raw_tls.ssl_psk_cb = on_psk;
  connect.raw_tls.ssl_psk_context = const_cast<Tls*>(&tls);
  connect.raw_tls.disableDefaultTrustStore = 1;
  auto call = connect.options.*member_of(ConnectStruct{});
  call.ssl = &connect.raw_tls;
  return call;
}

}  // namespace mqtt_tools::connection::paho
