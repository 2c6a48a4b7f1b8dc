// SPDX-License-Identifier: MIT
#include "connection/tls/context.hpp"

#include "bytes.hpp"
#include "connection/tls/certificate.hpp"
#include "error.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

namespace {

constexpr int least_security_level = 2;

constexpr std::size_t longest_key = 256;  // Bytes: OpenSSL 1.1's limit, the smallest of all.

[[noreturn]] void fail(const std::string& what) {
  throw RunError(ExitCode::no_connection, what + ": " + openssl_message());
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

template <auto function>
struct Free {
  template <typename Type>
  void operator()(Type* what) const {
    function(what);
  }
};

using Configuration = std::unique_ptr<CONF, Free<NCONF_free>>;

std::string value_of(const CONF* configuration, const std::string& section,
                     const std::string& name) {
  const char* const value = NCONF_get_string(configuration, section.c_str(), name.c_str());
  return value != nullptr ? value : "";
}

std::string quoted(std::string_view value) {
  std::string text;
  for (const char letter : value) {
    if (std::string_view{"\\\"'`$#"}.find(letter) != std::string_view::npos) text += '\\';
    text += letter;
  }
  return text;
}

/// What the system's openssl.cnf says about TLS besides versions. Ours takes the place of that
/// section, and what an administrator has set there must not be lost.
std::string system_settings() {
  char* const path = CONF_get1_default_config_file();
  if (path == nullptr) return {};
  const std::string file{path};
  OPENSSL_free(path);

  const Configuration configuration{NCONF_new(nullptr)};
  if (!configuration || NCONF_load(configuration.get(), file.c_str(), nullptr) <= 0) return {};
  const auto modules = value_of(configuration.get(), "default", "openssl_conf");
  const auto tls = value_of(configuration.get(), modules, "ssl_conf");
  const auto section = value_of(configuration.get(), tls, "system_default");
  if (modules.empty() || tls.empty() || section.empty()) return {};

  std::string settings;
  const auto* const values = NCONF_get_section(configuration.get(), section.c_str());
  for (int at = 0; at < sk_CONF_VALUE_num(values); ++at) {
    const auto* const value = sk_CONF_VALUE_value(values, at);
    const std::string name{value->name};
    if (name.find("Protocol") != std::string::npos && name != "Protocol") continue;
    settings += name + " = " + quoted(value->value) + "\n";
  }
  return settings;
}

std::string version_name(int version) {
  switch (version) {
    case TLS1_2_VERSION:
      return "TLSv1.2";
    default:
      return "TLSv1.3";
  }
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

void prepare_tls(const Tls& tls) {
  check_names(tls.verify_name);
  // First the system's configuration, else it would be loaded later and override ours.
  const auto context = new_context();
  const auto minimum = minimum_version(tls);
  auto maximum = static_cast<int>(SSL_CTX_get_max_proto_version(context.get()));
  if (tls.psk) maximum = TLS1_2_VERSION;

  std::string text =
      "openssl_conf = modules\n[modules]\nssl_conf = tls\n[tls]\nsystem_default = settings\n"
      "[settings]\n" +
      system_settings() + "MinProtocol = " + version_name(minimum) + "\n";
  if (maximum != 0) text += "MaxProtocol = " + version_name(maximum) + "\n";

  OPENSSL_load_builtin_modules();
  const std::unique_ptr<BIO, Free<BIO_free>> memory{
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  const Configuration configuration{NCONF_new(nullptr)};
  const bool loaded = memory && configuration &&
                      NCONF_load_bio(configuration.get(), memory.get(), nullptr) > 0 &&
                      CONF_modules_load(configuration.get(), nullptr, 0) > 0;
  if (!loaded) throw RunError(ExitCode::failure, "cannot set OpenSSL up: " + openssl_message());

  const auto obeys = static_cast<int>(SSL_CTX_get_min_proto_version(new_context().get()));
  if (obeys < minimum) {
    throw RunError(ExitCode::failure, "OpenSSL does not keep to " + version_name(minimum));
  }
}

std::string cipher_list(const Tls& tls) {
  std::string list = tls.ciphers;
  if (list.empty()) list = tls.psk ? "PSK" : "DEFAULT";
  // With a pre-shared key no certificate is verified: none may stand in for the key.
  if (tls.psk) list += ":!aRSA:!aDSS:!aECDSA:!aNULL:!eNULL:!SRP";
  return list + ":@SECLEVEL=" + std::to_string(security_level());
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

std::string openssl_message() {
  const auto error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown reason";
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
