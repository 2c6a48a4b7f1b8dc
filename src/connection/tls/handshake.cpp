// SPDX-License-Identifier: MIT
#include "connection/tls/handshake.hpp"

#include "connection/tls/context.hpp"
#include "text.hpp"

#include <algorithm>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

namespace {

std::string no_version(const Tls& tls) {
  const bool only_1_3 = minimum_version(tls) > TLS1_2_VERSION;
  return tls.psk ? "the broker does not speak TLS 1.2, which a pre-shared key needs"
                 : std::string{"no TLS version in common with the broker (ours: "} +
                       (only_1_3 ? "1.3)" : "1.2 or higher)");
}

std::string no_cipher(const Tls& tls) {
  return tls.psk ? "no cipher in common with the broker: it does not take pre-shared keys"
                 : "no cipher in common with the broker";
}

/// The broker refused us: RFC 8446 §6.2.
std::string alert_message(const HandshakeFacts& facts, int alert, const Tls& tls,
                          const std::string& host) {
  const bool asked = facts.certificate_asked;
  switch (alert) {
    case SSL_AD_CERTIFICATE_REQUIRED:
      return certificate_refused_message(tls);
    case SSL_AD_HANDSHAKE_FAILURE:
      return asked ? certificate_refused_message(tls) : no_cipher(tls);
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
      if (!asked) break;
      return certificate_refused_message(tls) +
             (tls.certificate.empty() ? std::string{}
                                      : std::string{": "} + SSL_alert_desc_string_long(alert));
    case SSL_AD_UNKNOWN_PSK_IDENTITY:
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_ILLEGAL_PARAMETER:
      if (!tls.psk) break;
      return "the broker refuses the pre-shared key or its identity '" + escaped(tls.psk_identity) +
             "'";
    case SSL_AD_PROTOCOL_VERSION:
      return no_version(tls);
    case SSL_AD_INSUFFICIENT_SECURITY:
      return no_cipher(tls);
    case SSL_AD_UNRECOGNIZED_NAME:
      return "the broker has no certificate for the name " + escaped(host);
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "the broker takes none of the --tls-alpn protocols";
    default:
      break;
  }
  std::string name = SSL_alert_desc_string_long(alert);
  if (name == "unknown") name = "alert " + std::to_string(alert);
  return "the broker ended the TLS handshake: " + name;
}

}  // namespace

bool is_explained(const HandshakeFacts& facts) {
  return facts.distrust || facts.alert || facts.reason != 0;
}

std::string handshake_message(const HandshakeFacts& facts, const Tls& tls,
                              const std::string& host) {
  if (facts.distrust) return certificate_message(*facts.distrust, host);
  if (facts.alert) return alert_message(facts, *facts.alert, tls, host);
  switch (facts.reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return no_version(tls);
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_WRONG_CIPHER_RETURNED:
      return no_cipher(tls);
    default:
      return "the TLS handshake failed: " + facts.reason_text;
  }
}

std::string certificate_refused_message(const Tls& tls) {
  return tls.certificate.empty() ? "the broker wants a client certificate (--cert and --key)"
                                 : "the broker refuses our certificate " + tls.certificate;
}

std::string client_hello(const std::string& host) {
  const auto context = new_context();
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl{SSL_new(context.get()), SSL_free};
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl.get());
  indicate_name(ssl.get(), indicated_name(host));
  SSL_do_handshake(ssl.get());
  ERR_clear_error();

  std::string hello(16384, '\0');
  const auto size = BIO_read(SSL_get_wbio(ssl.get()), hello.data(), static_cast<int>(hello.size()));
  hello.resize(static_cast<std::size_t>(std::max(size, 0)));
  return hello;
}

bool is_tls_record(std::string_view bytes) {
  constexpr char first_type = 20;
  constexpr char last_type = 23;
  constexpr char major = 3;
  return !bytes.empty() && bytes[0] >= first_type && bytes[0] <= last_type &&
         (bytes.size() < 2 || bytes[1] == major);
}

}  // namespace mqtt_tools::connection
