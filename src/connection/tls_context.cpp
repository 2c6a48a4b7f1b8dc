// SPDX-License-Identifier: MIT
#include "connection/tls_context.hpp"

#include "connection/psk.hpp"
#include "connection/tls.hpp"
#include "error.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

namespace {

constexpr int least_security_level = 2;

[[noreturn]] void fail(const std::string& what) {
  throw RunError(ExitCode::no_connection, what + ": " + openssl_words());
}

/// OpenSSL must never ask on the terminal: no passphrase is an empty answer.
int give_passphrase(char* buffer, int size, int /*writing*/, void* data) {
  const auto& passphrase = static_cast<const Tls*>(data)->key_passphrase;
  if (!passphrase || passphrase->size() > static_cast<std::size_t>(std::max(size, 0))) return 0;
  std::memcpy(buffer, passphrase->data(), passphrase->size());
  return static_cast<int>(passphrase->size());
}

unsigned on_psk(SSL* ssl, const char* /*hint*/, char* identity, unsigned identity_size,
                unsigned char* key, unsigned key_size) {
  const auto* const tls = static_cast<const Tls*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  return give_psk(*tls, identity, identity_size, key, key_size);
}

void load_authorities(SSL_CTX* context, const Tls& tls) {
  if (tls.ca_file.empty() && tls.ca_path.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) fail("the system's authorities");
    return;
  }
  if (!tls.ca_file.empty() &&
      SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) != 1) {
    fail(tls.ca_file);
  }
  if (!tls.ca_path.empty() &&
      SSL_CTX_load_verify_locations(context, nullptr, tls.ca_path.c_str()) != 1) {
    fail(tls.ca_path);
  }
}

void load_client_certificate(SSL_CTX* context, const Tls& tls) {
  if (tls.certificate.empty()) return;
  if (SSL_CTX_use_certificate_chain_file(context, tls.certificate.c_str()) != 1) {
    fail(tls.certificate);
  }
  const auto& key = tls.key.empty() ? tls.certificate : tls.key;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) fail(key);
}

}  // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsContext new_context() {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  TlsContext context{SSL_CTX_new(TLS_client_method())};
  if (!context) fail("OpenSSL");
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

TlsContext make_context(const Tls& tls) {
  auto context = new_context();
  auto* const raw = context.get();
  // OpenSSL's callbacks take a pointer to what is not const; ours only read.
  auto* const data = const_cast<Tls*>(&tls);
  SSL_CTX_set_app_data(raw, data);
  SSL_CTX_set_default_passwd_cb(raw, give_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(raw, data);

  SSL_CTX_set_min_proto_version(raw, minimum_version(tls));
  if (SSL_CTX_set_cipher_list(raw, cipher_list(tls).c_str()) != 1) fail("--ciphers");

  if (tls.psk) {
    SSL_CTX_set_max_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_psk_client_callback(raw, on_psk);
    return context;
  }
  if (tls.verify) load_authorities(raw, tls);
  load_client_certificate(raw, tls);
  return context;
}

std::string openssl_words() {
  const auto error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown reason";
}

}  // namespace mqtt_tools::connection
