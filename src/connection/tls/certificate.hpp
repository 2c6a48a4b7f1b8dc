// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

struct ssl_st;
struct x509_st;
struct x509_store_ctx_st;

namespace mqtt_tools::connection {

/// Why a broker's certificate was not accepted. All texts are terminal-safe and of limited length.
struct TlsFailure {
  int error = 0;                 ///< OpenSSL's X509_V_ERR_….
  int depth = 0;                 ///< 0: the broker's own certificate; else an authority's.
  bool has_certificate = false;  ///< false: all that follows is empty.
  std::string subject{};         ///< The common name, or the whole name of one who has none.
  std::string issuer{};          ///< Likewise.
  std::string not_before{};      ///< "2020-01-02 03:04 UTC"
  std::string not_after{};
  /// What the certificate is for: its alternative names of hosts ("*.example") and addresses
  /// ("127.0.0.1"); the common name if it has no alternative names at all.
  std::vector<std::string> names{};
};

/// The bytes of the address that `host` writes, in network order: 4 or 16, or none if it is a name.
/// It is an address if the resolver takes it for one: "127.1" and "fe80::1%eth0" are, and a dot at
/// the end makes no difference.
std::string address_bytes(const std::string& host);

/// The name of `host` for Server Name Indication, which has neither addresses nor a dot at the end
/// (RFC 6066 §3). Empty for an address.
std::string indicated_name(const std::string& host);

/// Makes OpenSSL name the server so in the handshake of `ssl`; an empty name: none.
void indicate_name(ssl_st* ssl, std::string name);

/// Whether `certificate` is for `host`, a name or an address as the user wrote it. RFC 6125 §6.4:
/// an address is compared with the iPAddress entries only; '*' is a whole first label or nothing; a
/// dot at the end of `host` and upper case make no difference; the common name counts only in a
/// certificate without any subjectAltName. Any thread.
bool matches(const x509_st* certificate, const std::string& host);

/// What OpenSSL has against the certificate that it looks at.
TlsFailure tls_failure(x509_store_ctx_st* chain);

/// `failure` as a sentence about the broker that the user calls `host`. Terminal-safe.
std::string certificate_message(const TlsFailure& failure, const std::string& host);

}  // namespace mqtt_tools::connection
