// SPDX-License-Identifier: MIT
#include "connection/hooks/connection_record.hpp"
#include "connection/hooks/hooks.hpp"

#include "connection/resolver.hpp"

#include "catch.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <sys/socket.h>
#include <cstring>
#include <thread>

using namespace mqtt_tools::connection;
using mqtt_tools::connection::hooks::Destination;
using mqtt_tools::connection::hooks::prepare_connect;

namespace {

/// What a shared library (here libcrypto) gets when it looks `host` up.
std::vector<std::string> seen_by_a_library(const std::string& host) {
  std::vector<std::string> seen;
  BIO_ADDRINFO* found = nullptr;
  if (BIO_lookup_ex(host.c_str(), "1883", BIO_LOOKUP_CLIENT, AF_UNSPEC, SOCK_STREAM, 0, &found) ==
      1) {
    for (const auto* entry = found; entry != nullptr; entry = BIO_ADDRINFO_next(entry)) {
      char* const text = BIO_ADDR_hostname_string(BIO_ADDRINFO_address(entry), 1);
      seen.emplace_back(text);
      OPENSSL_free(text);
    }
    BIO_ADDRINFO_free(found);
  }
  return seen;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a library that looks a name up is given the address that was chosen for it") {
  choose_address("broker.invalid", resolve("127.0.0.7", 1).addresses.at(0));
  CHECK(seen_by_a_library("broker.invalid") == Texts{"127.0.0.7"});
  choose_address("broker.invalid", resolve("::1", 1).addresses.at(0));
  CHECK(seen_by_a_library("broker.invalid") == Texts{"::1"});
}

TEST_CASE("a name that nothing was chosen for is looked up as ever") {
  CHECK(seen_by_a_library("127.0.0.9") == Texts{"127.0.0.9"});
}

TEST_CASE("our own look-up is not answered with what we chose before") {
  choose_address("localhost", resolve("127.0.0.7", 1).addresses.at(0));
  for (const auto& address : resolve("localhost", 1).addresses) {
    CHECK(address.text() != "127.0.0.7");
  }
}

TEST_CASE("an address that was looked up keeps its zone when it is connected to") {
  choose_address("fe80::7%lo", resolve("fe80::7%lo", 1).addresses.at(0));
  for (const std::string host : {"fe80::7%lo", "fe80::7"}) {  // WebSocket has no zone
    CHECK(seen_by_a_library(host) == Texts{"fe80::7%lo"});
  }
  const auto connected = [](const std::string& text) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(1883);
    REQUIRE(::inet_pton(AF_INET6, text.c_str(), &address.sin6_addr) == 1);
    sockaddr_in6 whole{};
    const auto* const given = reinterpret_cast<const sockaddr*>(&address);
    Destination to;
    CHECK(prepare_connect(-1, {}, given, sizeof address, to) == 0);
    std::memcpy(&whole, to.address, sizeof whole);
    CHECK(whole.sin6_port == htons(1883));
    CHECK(std::memcmp(&whole.sin6_addr, &address.sin6_addr, sizeof whole.sin6_addr) == 0);
    return whole.sin6_scope_id;
  };
  CHECK(connected("fe80::7") == 1);
  CHECK(connected("fe80::8") == 0);
  CHECK(connected("::1") == 0);
  std::thread{[&] { CHECK(connected("fe80::7") == 0); }}.join();  // Another one looked it up.

  const sockaddr_in four{AF_INET, htons(1883), {}, {}};
  const auto* const given = reinterpret_cast<const sockaddr*>(&four);
  Destination to;
  CHECK(prepare_connect(-1, {}, given, sizeof four, to) == 0);
  CHECK(to.address == given);

  choose_address("broker.invalid", resolve("::1", 1).addresses.at(0));
  CHECK(seen_by_a_library("broker.invalid") == Texts{"::1"});
  CHECK(connected("fe80::7") == 0);
}
