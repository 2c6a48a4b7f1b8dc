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

std::string version_name(int version) { return version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"; }

}  // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsContext new_context() {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  TlsContext context{SSL_CTX_new(TLS_client_method())};
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
