// SPDX-License-Identifier: MIT
#include "connection/tls/context.hpp"

#include "bytes.hpp"
#include "error.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

namespace {

constexpr int least_security_level = 2;

constexpr std::size_t longest_key = 256;  // Bytes: OpenSSL 1.1's limit, the smallest of all.

/// The first reason in OpenSSL's error queue in words, which it empties.
std::string openssl_message() {
  const auto error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown reason";
}

}  // namespace

TlsContext new_context() {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  TlsContext context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  if (!context) throw RunError(ExitCode::no_connection, "OpenSSL: " + openssl_message());
  return context;
}

int minimum_version(const Tls& tls) {
  const auto system = static_cast<int>(SSL_CTX_get_min_proto_version(new_context().get()));
  const auto wanted = tls.minimum == TlsVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  return std::max(system, wanted);
}

int security_level() {
  return std::max(least_security_level, SSL_CTX_get_security_level(new_context().get()));
}

std::string cipher_list(const Tls& tls) {
  std::string list = tls.ciphers;
  if (list.empty()) list = tls.psk ? "PSK" : "DEFAULT";
  // With a pre-shared key no certificate is verified: none may stand in for the key.
  if (tls.psk) list += ":!aRSA:!aDSS:!aECDSA:!aNULL:!eNULL:!SRP";
  return list + ":@SECLEVEL=" + std::to_string(security_level());
}

std::string psk_bytes(const Tls& tls) {
  const auto digits = tls.psk.value_or("");
  const bool only_digits = digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  const auto bytes = only_digits ? from_hex(digits) : std::nullopt;
  if (!bytes || bytes->empty()) {
    throw UsageError("the pre-shared key is an even number of hex digits");
  }
  if (bytes->size() > longest_key) {
    throw UsageError("the pre-shared key is longer than 256 bytes");
  }
  return *bytes;
}

unsigned give_psk(const Tls& tls, char* identity, unsigned identity_size, unsigned char* key,
                  unsigned key_size) noexcept {
  try {
    const auto bytes = psk_bytes(tls);
    if (tls.psk_identity.size() >= identity_size || bytes.size() > key_size) return 0;
    std::memcpy(identity, tls.psk_identity.c_str(), tls.psk_identity.size() + 1);
    std::memcpy(key, bytes.data(), bytes.size());
    return static_cast<unsigned>(bytes.size());
  } catch (...) {
    return 0;
  }
}

}  // namespace mqtt_tools::connection
