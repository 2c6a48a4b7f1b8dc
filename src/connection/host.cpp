// SPDX-License-Identifier: MIT
#include "connection/host.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <algorithm>
#include <array>
#include <charconv>

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035 §2.3.4, as text.

/// What no host name has, and what would end one in a URL or an HTTP header.
bool stands_in_name(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return byte > 0x20 && byte != 0x7F &&
         std::string_view{"@/?#[]%\\\"<>^`{|}:"}.find(letter) == std::string_view::npos;
}

std::optional<int> read_port(std::string_view text) {
  int port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || text.front() == '-' || error != std::errc{} || stopped != end) return {};
  if (port < 1 || port > 65535) return {};
  return port;
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return lower;
}

}  // namespace

std::string split_host(std::string_view text, std::string& host, std::optional<int>& port) {
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return "the ']' after the IPv6 address is missing";
    host = text.substr(1, end - 1);
    // RFC 6874 writes the '%' before a zone as "%25". Alone it is the interface with the number 25.
    if (const auto zone = host.find("%25"); zone != std::string::npos && zone + 3 < host.size()) {
      host.erase(zone + 1, 2);
    }
    if (!is_ipv6(host)) return "what stands in '[' and ']' is not an IPv6 address";
    if (needs_zone(host)) {
      return "a link-local IPv6 address needs its network interface, as in " + host +
             "%eth0 (in a URL: %25eth0)";
    }
    rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return "only ':PORT' may follow ']'";
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
    if (host.empty()) return "the host name is missing";
    if (rest.find(':', 1) != std::string_view::npos) {
      return "an IPv6 address before a port stands in '[' and ']'";
    }
    if (!std::all_of(host.begin(), host.end(), stands_in_name)) {
      return "a host name has no blanks, controls or punctuation but '.', '-' and '_'";
    }
    if (host.size() > longest_name) return "the host name is longer than 253 characters";
  }
  if (rest.empty()) return {};

  port = read_port(rest.substr(1));
  if (!port) return "the port is a number from 1 to 65535";
  return {};
}

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
  const auto scope = host.find('%');
  if (scope != std::string::npos && scope + 1 == host.size()) return false;
  if (scope != std::string::npos &&
      !std::all_of(host.begin() + static_cast<std::ptrdiff_t>(scope) + 1, host.end(),
                   stands_in_name)) {
    return false;
  }
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.substr(0, scope).c_str(), &address) == 1;
}

bool needs_zone(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

std::string without_zone(const std::string& host) {
  return is_ipv6(host) ? host.substr(0, host.find('%')) : host;
}

bool is_localhost_name(std::string_view host) {
  auto name = lower_case(host);
  if (!name.empty() && name.back() == '.') name.pop_back();
  constexpr std::string_view suffix = ".localhost";
  return name == "localhost" ||
         (name.size() > suffix.size() &&
          name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0);
}

bool is_loopback(const std::string& host) {
  if (is_localhost_name(host)) return true;
  // inet_aton() stops at a blank, C strings stop at NUL: what follows would go unseen.
  constexpr std::string_view ends{" \t\n\v\f\r\0", 7};
  if (host.find_first_of(ends) != std::string::npos) return false;

  in_addr v4{};
  // As getaddrinfo() reads it: "127.1" is 127.0.0.1 too.
  if (::inet_aton(host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  if (!is_ipv6(host) || ::inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &v6) != 1) {
    return false;
  }
  constexpr std::size_t mapped = 12;  // Where the IPv4 address begins (RFC 4291 §2.5.5.2).
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[mapped] == 127);
}

std::string with_port(const std::string& host, int port) {
  const auto number = std::to_string(port);
  return is_ipv6(host) ? "[" + host + "]:" + number : host + ":" + number;
}

}  // namespace mqtt_tools::connection
