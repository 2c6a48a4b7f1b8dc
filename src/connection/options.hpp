// SPDX-License-Identifier: MIT
#pragma once

#include "connection/property.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::connection {

/// automatic: MQTT 5, and once 3.1.1 when the broker does not speak it.
enum class Version { automatic, v3_1, v3_1_1, v5 };

/// "3.1", "3.1.1" or "5"; automatic counts as 5.
inline std::string version_name(Version version) {
  if (version == Version::v3_1) return "3.1";
  return version == Version::v3_1_1 ? "3.1.1" : "5";
}

enum class Transport { tcp, websocket };

/// One broker, as the user named it. IPv6 addresses stand without brackets.
struct Endpoint {
  std::string host{};
  int port = 0;  ///< 0: the default of the transport (1883, 8883, 80, 443).
  /// Not empty: a Unix-domain socket instead. `host` is then localhost, for TLS and WebSocket.
  std::string socket_path{};

  bool operator==(const Endpoint&) const = default;
};

struct Credentials {
  std::optional<std::string> username{};
  std::optional<std::string> password{};
};

enum class TlsVersion { v1_2, v1_3 };

/// TLS as the user asked for it. With `psk` nothing but the pre-shared key is used.
struct Tls {
  bool on = false;
  std::string ca_file{};  ///< PEM; empty with an empty ca_path: the system's authorities.
  std::string ca_path{};  ///< A directory as c_rehash makes it.
  std::string certificate{};
  std::string key{};
  std::optional<std::string> key_passphrase{};
  std::string ciphers{};                ///< OpenSSL list for TLS 1.2; empty: the default.
  std::optional<TlsVersion> minimum{};  ///< none: 1.2 or the system's, whichever is higher.
  std::vector<std::string> alpn{};
  std::optional<std::string> psk{};  ///< Hex digits.
  std::string psk_identity{};
  bool verify = true;       ///< false: --insecure, neither chain nor name.
  bool verify_name = true;  ///< false: the chain alone.
};

/// The message that the broker publishes when this process dies (MQTT 5.0 §3.1.2.5).
struct Will {
  Message message{};
  std::optional<std::uint32_t> delay{};  ///< Seconds, MQTT 5.
  PropertyList properties{};
};

/// Whether we are there, for others to see: a retained message on a topic of its own.
struct Presence {
  std::string topic{};
  std::string online = "online";
  std::string offline = "offline";
  bool raw = false;  ///< The bare words, without an envelope.
};

/// An HTTP proxy that CONNECT is sent to.
struct Proxy {
  std::string host{};
  int port = 0;
  std::optional<std::string> username{};
  std::optional<std::string> password{};
};

/// How to reach a broker and what to say to it. Plain data; cli/ checks it on entry.
struct Options {
  std::vector<Endpoint> endpoints{};  ///< Tried in order, at start and after a loss.
  Transport transport = Transport::tcp;
  std::string websocket_path = "/mqtt";
  std::vector<std::pair<std::string, std::string>> websocket_headers{};
  std::optional<Proxy> proxy{};
  std::string
      bind{};  ///< Local address as numbers, or network interface; empty: the system's choice.
  Tls tls{};

  Version version = Version::automatic;
  std::string version_5_only{};  ///< The option given that only MQTT 5 has: no fall-back. Or empty.
  std::string client_id{};       ///< Unique per process unless the user gave it.
  bool client_id_given = false;
  Credentials credentials{};
  std::chrono::seconds keep_alive{30};
  bool clean_start = true;
  std::optional<std::uint32_t> session_expiry{};  ///< Seconds, MQTT 5.
  std::optional<Will> will{};
  /// Its offline message is the will; the others are published by the app.
  std::optional<Presence> presence{};
  PropertyList connect_properties{};
  PropertyList disconnect_properties{};
  PropertyList subscribe_properties{};
  PropertyList unsubscribe_properties{};

  Duration connect_timeout =
      std::chrono::seconds{10};  ///< One attempt over all hosts and addresses.
  Duration wait{};               ///< How long to try for a first connection.
  bool reconnect = true;
  Duration reconnect_max = std::chrono::seconds{30};  ///< The longest pause between attempts.
  std::optional<Duration> reconnect_for{};            ///< Give up after this long; none: never.

  /// The largest packet that may come, in bytes; a larger one ends the connection.
  std::size_t max_packet = std::size_t{128} * 1024 * 1024;
  /// Messages with QoS 1 and 2 that the broker may send before the first is acknowledged; none: as
  /// many as MQTT allows.
  std::optional<std::uint16_t> receive_maximum{};

  /// Messages that may be taken in all (--count); none: no limit. See Client::give_back().
  std::optional<std::uint64_t> count{};
  bool tell_messages = false;  ///< Tell each message sent and acknowledged.
  bool debug = false;          ///< Tell each packet.
};

/// What asks for this one version of MQTT: "--no-local needs", "-V 5 asks for"; empty: nothing
/// does.
inline std::string version_wanted_by(const Options& options) {
  if (!options.version_5_only.empty()) return options.version_5_only + " needs";
  if (options.version == Version::automatic) return {};
  return "-V " + version_name(options.version) + " asks for";
}

/// What a subscription does with retained messages (MQTT 5.0 §3.8.3.1).
enum class RetainHandling : int { always = 0, only_new = 1, never = 2 };

/// One filter to subscribe to.
struct Subscription {
  std::string filter{};
  Qos qos = Qos::at_least_once;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::always;
};

/// The port that `options` mean for an endpoint that names none.
inline int default_port(const Options& options) {
  if (options.transport == Transport::websocket) return options.tls.on ? 443 : 80;
  return options.tls.on ? 8883 : 1883;
}

/// The port of `endpoint`, as the user named it or by default.
inline int port_of(const Endpoint& endpoint, const Options& options) {
  return endpoint.port != 0 ? endpoint.port : default_port(options);
}

}  // namespace mqtt_tools::connection
