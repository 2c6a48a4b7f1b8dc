// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// Takes `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT` apart; `host` is then without brackets.
/// Gives what is wrong in words, or nothing. Only harmless parts of the text are repeated.
std::string split_host(std::string_view text, std::string& host, std::optional<int>& port);

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

}  // namespace mqtt_tools::connection
