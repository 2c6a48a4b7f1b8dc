// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "connection/tls/certificate.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// What was seen of a TLS handshake, as far as it went.
struct HandshakeFacts {
  bool begun = false;
  bool done = false;                     ///< For us; a TLS 1.3 server may still refuse (alert).
  bool certificate_asked = false;        ///< The server asked for a client certificate.
  std::string first_bytes{};             ///< From the server, at most 256, untrusted.
  std::optional<TlsFailure> distrust{};  ///< Why we refused the server's certificate.
  std::optional<int> alert{};            ///< Why the server gave up: RFC 8446 §6.2.
  int reason = 0;                        ///< Why OpenSSL gave up here: SSL_R_….
  std::string reason_text{};             ///< The same in OpenSSL's words.
};

/// Whether the facts say by themselves why there is no handshake: what the server said, or OpenSSL.
bool is_explained(const HandshakeFacts& facts);

/// Why a handshake did not come about that is_explained(). Terminal-safe. `host` as the user wrote
/// it.
std::string handshake_message(const HandshakeFacts& facts, const Tls& tls, const std::string& host);

/// What it means that a server which asked for a certificate does not go on.
std::string certificate_refused_message(const Tls& tls);

/// The first message of a handshake with `host`: by its answer a TLS server is known.
std::string client_hello(const std::string& host);

/// `bytes` begin with a record of TLS (RFC 8446 §5.1).
bool is_tls_record(std::string_view bytes);

}  // namespace mqtt_tools::connection
