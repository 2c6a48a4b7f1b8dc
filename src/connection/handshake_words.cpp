// SPDX-License-Identifier: MIT
#include "connection/handshake_words.hpp"

#include "connection/tls_context.hpp"
#include "escape.hpp"

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
std::string alert_words(int alert, const Tls& tls, const std::string& host, Asked asked) {
  switch (alert) {
    case SSL_AD_CERTIFICATE_REQUIRED:
      return certificate_refused_words(tls, Asked::had_none);
    case SSL_AD_HANDSHAKE_FAILURE:
      return asked == Asked::no ? no_cipher(tls) : certificate_refused_words(tls, asked);
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
      if (asked == Asked::no) break;
      return certificate_refused_words(tls, asked) +
             (asked == Asked::gave_ours ? std::string{": "} + SSL_alert_desc_string_long(alert)
                                        : std::string{});
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
  return std::string{"the broker ended the TLS handshake: "} + SSL_alert_desc_string_long(alert);
}

}  // namespace

std::string certificate_refused_words(const Tls& tls, Asked asked) {
  if (asked != Asked::gave_ours) {
    return "the broker wants a client certificate (--cert and --key)";
  }
  return "the broker refuses our certificate " + tls.certificate;
}

std::string handshake_words(const Tls& tls, const std::string& host, Asked asked) {
  const auto reason = ERR_GET_REASON(ERR_peek_error());
  if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    ERR_clear_error();
    return alert_words(reason - SSL_AD_REASON_OFFSET, tls, host, asked);
  }
  const auto words = openssl_words();
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return no_version(tls);
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_WRONG_CIPHER_RETURNED:
      return no_cipher(tls);
    default:
      return "the TLS handshake failed: " + words;
  }
}

}  // namespace mqtt_tools::connection
