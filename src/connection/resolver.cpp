// SPDX-License-Identifier: MIT
#include "connection/resolver.hpp"

#include "connection/url.hpp"
#include "error.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

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
      return "the name could not be looked up: " + reason_for(system_error);
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
bool lacks_zone(const Address& address) {
  if (address.storage.ss_family != AF_INET6) return false;
  const auto* const six = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  return IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr) && six->sin6_scope_id == 0;
}

void add(std::vector<Address>& addresses, const Address& added) {
  const auto known = [&](const Address& other) {
    return other.size == added.size && std::memcmp(&other.storage, &added.storage, added.size) == 0;
  };
  if (std::none_of(addresses.begin(), addresses.end(), known)) addresses.push_back(added);
}

/// Adds the addresses that getaddrinfo(3) gives with `flags`. Its error, or 0.
int look_up(const std::string& host, int port, int flags, std::vector<Address>& addresses) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  // Without AI_ADDRCONFIG: it drops ::1 on a machine whose only IPv6 address that is.
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const auto error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return error;
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
    Address address;
    address.size = std::min<socklen_t>(entry->ai_addrlen, sizeof address.storage);
    std::memcpy(&address.storage, entry->ai_addr, address.size);
    add(addresses, address);
  }
  ::freeaddrinfo(found);
  return 0;
}

}  // namespace

std::string Address::text() const {
  std::array<char, NI_MAXHOST> host{};
  const auto error =
      ::getnameinfo(get(), size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? host.data() : "";
}

std::optional<Address> numeric_address(const std::string& host, int port) {
  std::vector<Address> addresses;
  look_up(host, port, AI_NUMERICHOST, addresses);
  return addresses.empty() ? std::nullopt : std::optional{addresses.front()};
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
  Resolved resolved;
  const auto error = look_up(host, port, 0, resolved.addresses);
  const auto system_error = errno;
  if (std::erase_if(resolved.addresses, lacks_zone) > 0) {
    resolved.error = "its address is link-local, and the name server names no interface";
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
