// SPDX-License-Identifier: MIT

#include "connection/paho.hpp"

#include "connection/tls.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace mqtt_tools::connection::paho {

namespace {

void (*packet_trace)(const char*) = nullptr;

// Paho C 1.3.12 sends four-byte integers above this as another number, a smaller one. 68 years.
constexpr std::uint32_t longest_expiry = 0x7FFF'FFFF;

void on_trace(enum MQTTASYNC_TRACE_LEVELS, char* message) {
  if (packet_trace != nullptr && message != nullptr) packet_trace(message);
}

// Paho C++ 1.2.0 keeps these members private. An explicit instantiation may name them (C++20
// [temp.spec]/6), and its friend function hands the pointer to member out.
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

/// Called by OpenSSL during a hand-shake, on a thread of Paho's. `context` is our Options' Tls.
unsigned on_psk(const char*, char* identity, unsigned identity_size, unsigned char* key,
                unsigned key_size, void* context) {
  try {
    const auto& tls = *static_cast<const Tls*>(context);
    const auto bytes = psk_bytes(tls);
    if (tls.psk_identity.size() >= identity_size || bytes.size() > key_size) return 0;
    std::memcpy(identity, tls.psk_identity.c_str(), tls.psk_identity.size() + 1);
    std::memcpy(key, bytes.data(), bytes.size());
    return static_cast<unsigned>(bytes.size());
  } catch (...) {
    return 0;
  }
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
  out.set_verify(tls.verify && !tls.psk);
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
  const bool v6 = proxy.host.find(':') != std::string::npos;
  uri += v6 ? "[" + proxy.host + "]" : proxy.host;
  return uri + ":" + std::to_string(proxy.port);
}

MQTTLenString borrowed(const std::string& text) {
  return {static_cast<int>(text.size()), const_cast<char*>(text.data())};
}

void add(MQTTProperties& out, int identifier, const std::string& text) {
  MQTTProperty property{};
  property.identifier = static_cast<MQTTPropertyCodes>(identifier);
  property.value.data = borrowed(text);
  MQTTProperties_add(&out, &property);
}

void add(MQTTProperties& out, int identifier, const std::pair<std::string, std::string>& pair) {
  MQTTProperty property{};
  property.identifier = static_cast<MQTTPropertyCodes>(identifier);
  property.value.data = borrowed(pair.first);
  property.value.value = borrowed(pair.second);
  MQTTProperties_add(&out, &property);
}

void add(MQTTProperties& out, int identifier, std::uint32_t number) {
  MQTTProperty property{};
  property.identifier = static_cast<MQTTPropertyCodes>(identifier);
  switch (MQTTProperty_getType(property.identifier)) {
    case MQTTPROPERTY_TYPE_BYTE:
      property.value.byte = static_cast<unsigned char>(number);
      break;
    case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
      property.value.integer2 = static_cast<unsigned short>(number);
      break;
    default:
      property.value.integer4 = number;
  }
  MQTTProperties_add(&out, &property);
}

std::string text_of(const MQTTLenString& text) {
  if (text.data == nullptr || text.len <= 0) return {};
  return {text.data, static_cast<std::size_t>(text.len)};
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
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  uri += v6 ? "[" + endpoint.host + "]" : endpoint.host;
  uri += ":" + std::to_string(endpoint.port != 0 ? endpoint.port : default_port(options));
  if (web) uri += options.websocket_path;
  return uri;
}

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

  if (options.will) {
    const auto& will = *options.will;
    mqtt::properties properties;
    if (v5) {
      properties = to_paho(will.properties);
      if (will.delay) {
        properties.add(
            {mqtt::property::WILL_DELAY_INTERVAL, static_cast<std::int32_t>(*will.delay)});
      }
    }
    mqtt::will_options paho_will(will.message.topic, will.message.payload.data(),
                                 will.message.payload.size(), static_cast<int>(will.message.qos),
                                 will.message.retained, properties);
    out.set_will(std::move(paho_will));
  }
  if (options.tls.on) {
    fill_tls(connect, options.tls);
    out.set_ssl(connect.tls);
  }
  if (!options.websocket_headers.empty()) {
    mqtt::name_value_collection headers;
    for (const auto& [name, value] : options.websocket_headers) headers.insert({name, value});
    out.set_http_headers(headers);
  }
  if (options.proxy) {
    connect.proxy = proxy_uri(*options.proxy);
    if (options.tls.on) {
      // Paho takes off this scheme only, and speaks plain HTTP with the proxy all the same.
      connect.proxy.replace(0, sizeof "http" - 1, "https");
      out.set_https_proxy(connect.proxy);
    } else {
      out.set_http_proxy(connect.proxy);
    }
  }
  if (v5) {
    auto properties = to_paho(options.connect_properties);
    if (options.session_expiry) {
      properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL,
                      static_cast<std::int32_t>(*options.session_expiry)});
    }
    if (options.count && !properties.contains(mqtt::property::RECEIVE_MAXIMUM)) {
      // Not more messages than will be shown (but for those that do not count).
      properties.add({mqtt::property::RECEIVE_MAXIMUM,
                      static_cast<std::int32_t>(std::min<std::uint64_t>(*options.count, 65535))});
    }
    if (!properties.empty()) out.set_properties(properties);
  }
}

void to_paho(const PropertyList& list, MQTTProperties& out) {
  for (const auto& property : list) {
    std::visit([&](const auto& value) { add(out, property.identifier, value); }, property.value);
  }
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

mqtt::properties to_paho(const PropertyList& list) {
  MQTTProperties raw = MQTTProperties_initializer;
  to_paho(list, raw);
  mqtt::properties out(raw);
  MQTTProperties_free(&raw);
  return out;
}

mqtt::subscribe_options to_paho(const Subscription& subscription) {
  return mqtt::subscribe_options(
      subscription.no_local, subscription.retain_as_published,
      static_cast<mqtt::subscribe_options::RetainHandling>(subscription.retain_handling));
}

void to_paho(const Properties& properties, MQTTProperties& out) {
  using P = mqtt::property;
  if (properties.payload_format) {
    add(out, P::PAYLOAD_FORMAT_INDICATOR, static_cast<std::uint32_t>(*properties.payload_format));
  }
  if (properties.expiry) {
    add(out, P::MESSAGE_EXPIRY_INTERVAL, std::min(*properties.expiry, longest_expiry));
  }
  if (properties.topic_alias) {
    add(out, P::TOPIC_ALIAS, static_cast<std::uint32_t>(*properties.topic_alias));
  }
  if (properties.content_type) add(out, P::CONTENT_TYPE, *properties.content_type);
  if (properties.response_topic) add(out, P::RESPONSE_TOPIC, *properties.response_topic);
  if (properties.correlation_data) add(out, P::CORRELATION_DATA, *properties.correlation_data);
  for (const auto& pair : properties.user) add(out, P::USER_PROPERTY, pair);
}

void from_paho(const MQTTProperties& in, Properties& out) {
  using P = mqtt::property;
  for (int i = 0; i < in.count; ++i) {
    const auto& property = in.array[i];
    const auto& value = property.value;
    switch (static_cast<int>(property.identifier)) {
      case P::PAYLOAD_FORMAT_INDICATOR:
        out.payload_format = value.byte;
        break;
      case P::MESSAGE_EXPIRY_INTERVAL:
        out.expiry = value.integer4;
        break;
      case P::TOPIC_ALIAS:
        out.topic_alias = value.integer2;
        break;
      case P::CONTENT_TYPE:
        out.content_type = text_of(value.data);
        break;
      case P::RESPONSE_TOPIC:
        out.response_topic = text_of(value.data);
        break;
      case P::CORRELATION_DATA:
        out.correlation_data = text_of(value.data);
        break;
      case P::SUBSCRIPTION_IDENTIFIER:
        out.subscription_identifiers.push_back(value.integer4);
        break;
      case P::USER_PROPERTY:
        out.user.emplace_back(text_of(value.data), text_of(value.value));
        break;
      default:
        break;
    }
  }
}

Limits limits_from_paho(const MQTTProperties& in, bool session_present) {
  using P = mqtt::property;
  Limits limits;
  limits.session_present = session_present;
  for (int i = 0; i < in.count; ++i) {
    const auto& value = in.array[i].value;
    switch (static_cast<int>(in.array[i].identifier)) {
      case P::RECEIVE_MAXIMUM:
        limits.receive_maximum = value.integer2;
        break;
      case P::MAXIMUM_PACKET_SIZE:
        limits.maximum_packet_size = value.integer4;
        break;
      case P::MAXIMUM_QOS:
        limits.maximum_qos = value.byte;
        break;
      case P::RETAIN_AVAILABLE:
        limits.retain_available = value.byte != 0;
        break;
      case P::SERVER_KEEP_ALIVE:
        limits.server_keep_alive = value.integer2;
        break;
      case P::ASSIGNED_CLIENT_IDENTIFER:
        limits.assigned_client_id = text_of(value.data);
        break;
      default:
        break;
    }
  }
  return limits;
}

std::string reason_string(const MQTTProperties& properties) {
  for (int i = 0; i < properties.count; ++i) {
    if (properties.array[i].identifier == MQTTPROPERTY_CODE_REASON_STRING) {
      return text_of(properties.array[i].value.data);
    }
  }
  return {};
}

MQTTAsync handle_of(mqtt::async_client& client) { return client.*member_of(ClientHandle{}); }

}  // namespace mqtt_tools::connection::paho
