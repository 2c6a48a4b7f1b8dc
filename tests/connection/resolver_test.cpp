// SPDX-License-Identifier: MIT
#include "connection/resolver.hpp"

#include "catch.hpp"

#include <netinet/in.h>
#include <algorithm>

using namespace mqtt_tools::connection;

namespace {

std::vector<std::string> texts(const Resolved& resolved) {
  std::vector<std::string> texts;
  for (const auto& address : resolved.addresses) texts.push_back(address.text());
  return texts;
}

int port_of(const Address& address) {
  if (address.storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address.storage).sin_port);
}

}  // namespace

TEST_CASE("an address is its own and only address") {
  for (const std::string host : {"127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"}) {
    const auto resolved = resolve(host, 1884);
    CHECK(resolved.error.empty());
    CHECK(texts(resolved) == std::vector{host});
    REQUIRE(resolved.addresses.size() == 1);
    CHECK(port_of(resolved.addresses[0]) == 1884);
  }
}

TEST_CASE("an address keeps its scope") {
  const auto resolved = resolve("fe80::1%lo", 1883);
  CHECK(texts(resolved) == std::vector<std::string>{"fe80::1%lo"});
}

TEST_CASE("an address whose network interface is not there says so") {
  const auto missing = resolve("fe80::1%nowhere9", 1883);
  CHECK(missing.addresses.empty());
  CHECK(missing.error == "this machine has no network interface 'nowhere9'");
  const auto global = resolve("2001:db8::1%lo", 1883);
  CHECK(global.addresses.empty());
  CHECK(global.error == "only a link-local address (fe80::…) has a network interface behind a '%'");
  CHECK(resolve("fe80::1", 1883).addresses.empty());
  CHECK(resolve("fe80::1", 1883).error.find("link-local") != std::string::npos);
}

TEST_CASE("localhost has an IPv4 and an IPv6 address whatever the hosts file says") {
  for (const std::string host : {"localhost", "LocalHost", "localhost.", "a.localhost"}) {
    INFO(host);
    const auto resolved = resolve(host, 1883);
    auto found = texts(resolved);
    std::sort(found.begin(), found.end());
    CHECK(found == std::vector<std::string>{"127.0.0.1", "::1"});
    CHECK(resolved.error.empty());
    for (const auto& address : resolved.addresses) CHECK(port_of(address) == 1883);
  }
}

TEST_CASE("a name that cannot be is not found") {
  const auto resolved = resolve("", 1883);
  CHECK(resolved.addresses.empty());
  CHECK(resolved.error == "name not found");
}
