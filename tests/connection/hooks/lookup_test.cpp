// SPDX-License-Identifier: MIT
#include "connection/resolver.hpp"

#include "catch.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <sys/socket.h>

using namespace mqtt_tools::connection;

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
