// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

bool is_ipv4(const std::string& host);
bool is_ipv6(const std::string& host);  ///< With or without a zone: "fe80::1%eth0".

/// `host` is a link-local IPv6 address without a zone (RFC 4007 §11): nothing can be sent there
/// before the network interface is known.
bool needs_zone(const std::string& host);

/// An IPv6 address without its zone, which only this machine knows; else `host` itself.
std::string without_zone(const std::string& host);

/// `host` is an address (127.0.0.0/8, also mapped into IPv6, or ::1) or a name (`localhost`, what
/// ends in `.localhost`) of this very machine's loopback interface (RFC 6761 §6.3).
bool is_loopback(const std::string& host);
bool is_localhost_name(std::string_view host);

/// "HOST:PORT" for people and HTTP, an IPv6 address in brackets.
std::string with_port(const std::string& host, int port);

/// `endpoint` for people: its socket's path, or host and port.
std::string name_of(const Endpoint& endpoint, const Options& options);

/// A broker's URL taken apart. Members that the URL did not have are empty.
struct Url {
  std::string scheme{};  ///< mqtt mqtts ws wss unix (tcp, ssl and tls are read as the first two)
  std::string host{};    ///< Without brackets.
  std::optional<int> port{};
  std::optional<std::string> username{};  ///< %-decoded, as the next two.
  std::optional<std::string> password{};
  std::string path{};  ///< Without the leading slash for mqtt(s): a topic; with it for ws(s).
  std::string socket_path{};  ///< Of unix: all that it has.

  bool tls() const { return scheme == "mqtts" || scheme == "wss"; }
  bool websocket() const { return scheme == "ws" || scheme == "wss"; }
};

/// Throws UsageError that says what is wrong with `text`; a secret in it is never repeated.
Url read_url(std::string_view text);

/// The same where the host stands beside the URL, which need not name one: "wss:///path".
Url read_url_beside_host(std::string_view text);

/// A URL, a host, or what was meant to be one, as it may be shown: `*` stands for the login before
/// an `@`, for a query or fragment, and for what follows the host and cannot be a port. Never
/// longer than `url`.
std::string masked_url(std::string_view url);

/// The path of a Unix-domain socket. Throws UsageError for one that the system cannot take.
std::string read_socket_path(std::string_view text);

/// Reads `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address. Throws UsageError.
Endpoint read_endpoint(std::string_view text);

/// Reads `http://[user:password@]host[:port]`. Throws UsageError.
Proxy read_proxy(std::string_view text);

/// The URL of which read_proxy() makes `proxy`.
std::string url_of(const Proxy& proxy);

}  // namespace mqtt_tools::connection
