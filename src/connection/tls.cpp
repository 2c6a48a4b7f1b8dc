// SPDX-License-Identifier: MIT
#include "connection/tls.hpp"

#include "connection/tls_context.hpp"
#include "error.hpp"

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

namespace {

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

void prepare_tls(const Tls& tls) {
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
  if (!loaded) throw RunError(ExitCode::failure, "cannot set OpenSSL up: " + openssl_words());

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

}  // namespace mqtt_tools::connection
