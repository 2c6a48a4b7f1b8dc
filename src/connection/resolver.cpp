// SPDX-License-Identifier: MIT
#include "connection/resolver.hpp"

#include "connection/url.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>

namespace mqtt_tools::connection {

namespace {

thread_local bool in_resolve = false;

struct Resolving {
  Resolving() { in_resolve = true; }
  ~Resolving() { in_resolve = false; }
};

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

void add(std::vector<Address>& addresses, const void* address, socklen_t size) {
  Address added;
  if (size > sizeof added.storage) return;
  std::memcpy(&added.storage, address, size);
  added.size = size;
  const auto known = [&](const Address& other) {
    return other.size == size && std::memcmp(&other.storage, &added.storage, size) == 0;
  };
  if (std::none_of(addresses.begin(), addresses.end(), known)) addresses.push_back(added);
}

/// RFC 6761 §6.3: localhost is both, whatever /etc/hosts says.
void add_loopback(std::vector<Address>& addresses, int port) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(static_cast<std::uint16_t>(port));
  six.sin6_addr = in6addr_loopback;

  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(static_cast<std::uint16_t>(port));
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

  add(addresses, &six, sizeof six);
  add(addresses, &four, sizeof four);
}

std::optional<Address> numeric(const std::string& host, int port) {
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

struct Choices {
  std::mutex mutex{};
  std::map<std::string, std::string> texts{};
};

/// Never destroyed: Paho's threads may still ask while the process ends.
Choices& choices() {
  static auto* const made = new Choices;
  return *made;
}

}  // namespace

std::string Address::text() const {
  std::array<char, NI_MAXHOST> host{};
  const auto* const address = reinterpret_cast<const sockaddr*>(&storage);
  const auto error =
      ::getnameinfo(address, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? host.data() : "";
}

std::vector<Address> known_addresses(const std::string& host, int port) {
  if (const auto address = numeric(host, port)) return {*address};
  if (host == "localhost") return {*numeric("127.0.0.1", port), *numeric("::1", port)};
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
  const Resolving mark;
  const auto error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  const auto system_error = errno;
  if (error == 0) {
    for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
      if (lacks_zone(entry->ai_addr)) {
        resolved.error = "its address is link-local, and the name server names no interface";
        continue;
      }
      add(resolved.addresses, entry->ai_addr, entry->ai_addrlen);
    }
    ::freeaddrinfo(found);
  }
  if (is_localhost_name(host)) add_loopback(resolved.addresses, port);
  if (!resolved.addresses.empty()) {
    resolved.error.clear();
  } else if (error != 0 && is_ipv6(host)) {
    resolved.error = zone_words(host);
  } else if (resolved.error.empty()) {
    resolved.error = error == 0 ? "name not found" : words_for(error, system_error);
  }
  return resolved;
}

void choose_address(const std::string& host, const Address& address) {
  auto text = address.text();
  auto& all = choices();
  const std::lock_guard lock{all.mutex};
  all.texts[without_zone(host)] = text;
  all.texts[host] = std::move(text);
}

std::string chosen_address(const std::string& host) {
  auto& all = choices();
  const std::lock_guard lock{all.mutex};
  const auto found = all.texts.find(host);
  return found == all.texts.end() ? std::string{} : found->second;
}

bool resolving() { return in_resolve; }

}  // namespace mqtt_tools::connection
