// SPDX-License-Identifier: MIT
#include "connection/resolver.hpp"

#include "connection/url.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace mqtt_tools::connection {

namespace {

std::string words_for(int error, int system_error) {
  switch (error) {
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
      return "name not found";
    case EAI_AGAIN:
      return "the name server did not answer";
    case EAI_FAIL:
      return "the name server failed";
    case EAI_SYSTEM:
      return "the name could not be looked up: " + std::generic_category().message(system_error);
    default:
      return std::string{"the name could not be looked up: "} + ::gai_strerror(error);
  }
}

/// What to say about an address that the resolver does not take, which can only be for its zone.
std::string zone_words(const std::string& host) {
  const auto zone = host.find('%');
  return needs_zone(without_zone(host))
             ? "this machine has no network interface '" + host.substr(zone + 1) + "'"
             : "only a link-local address (fe80::…) has a network interface behind a '%'";
}

/// Link-local, and nobody said on which network.
bool lacks_zone(const sockaddr* address) {
  if (address->sa_family != AF_INET6) return false;
  const auto* const six = reinterpret_cast<const sockaddr_in6*>(address);
  return IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr) && six->sin6_scope_id == 0;
}

void add(std::vector<Address>& addresses, const Address& added) {
  const auto known = [&](const Address& other) {
    return other.size == added.size && std::memcmp(&other.storage, &added.storage, added.size) == 0;
  };
  if (std::none_of(addresses.begin(), addresses.end(), known)) addresses.push_back(added);
}

}  // namespace

std::string Address::text() const {
  std::array<char, NI_MAXHOST> host{};
  const auto error =
      ::getnameinfo(get(), size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? host.data() : "";
}

std::optional<Address> numeric_address(const std::string& host, int port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v4;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v6;
    return address;
  }
  return std::nullopt;
}

Address socket_address(const std::string& path) {
  Address address;
  auto* name = reinterpret_cast<sockaddr_un*>(&address.storage);
  name->sun_family = AF_UNIX;
  path.copy(name->sun_path, sizeof name->sun_path - 1);
  address.size = sizeof *name;
  return address;
}

std::vector<Address> known_addresses(const std::string& host, int port) {
  if (const auto address = numeric_address(host, port)) return {*address};
  if (host == "localhost") {
    return {*numeric_address("127.0.0.1", port), *numeric_address("::1", port)};
  }
  return {};
}

Resolved resolve(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  // Without AI_ADDRCONFIG: it drops ::1 on a machine whose only IPv6 address that is.
  hints.ai_flags = AI_NUMERICSERV;

  Resolved resolved;
  addrinfo* found = nullptr;
  const auto error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  const auto system_error = errno;
  if (error == 0) {
    for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
      if (lacks_zone(entry->ai_addr)) {
        resolved.error = "its address is link-local, and the name server names no interface";
        continue;
      }
      Address address;
      address.size = std::min<socklen_t>(entry->ai_addrlen, sizeof address.storage);
      std::memcpy(&address.storage, entry->ai_addr, address.size);
      add(resolved.addresses, address);
    }
    ::freeaddrinfo(found);
  }
  if (is_localhost_name(host)) {  // RFC 6761 §6.3: both, whatever /etc/hosts says.
    add(resolved.addresses, *numeric_address("::1", port));
    add(resolved.addresses, *numeric_address("127.0.0.1", port));
  }
  if (!resolved.addresses.empty()) {
    resolved.error.clear();
  } else if (error != 0 && is_ipv6(host)) {
    resolved.error = zone_words(host);
  } else if (resolved.error.empty()) {
    resolved.error = error == 0 ? "name not found" : words_for(error, system_error);
  }
  return resolved;
}

}  // namespace mqtt_tools::connection
