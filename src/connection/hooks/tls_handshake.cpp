// SPDX-License-Identifier: MIT

#include "connection/hooks/tls_handshake.hpp"

#include <utility>

#include <openssl/ssl.h>

namespace mqtt_tools::connection::hooks {

namespace {

/// OpenSSL's macro for this is a cast that we do not write. No name: none is indicated.
void indicate(SSL* ssl, std::string name) {
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           name.empty() ? nullptr : name.data());
}

}  // namespace

std::string host_of_paho(std::string_view text) {
  if (!text.empty() && text.front() == '[') text.remove_prefix(1);
  if (!text.empty() && text.back() == ']') text.remove_suffix(1);
  return std::string{text};
}

void prepare_handshake(SSL* ssl, const std::shared_ptr<ConnectionRecord>& record) noexcept {
  // Paho sets no callback: with one, the server is verified by us already.
  if (SSL_in_before(ssl) != 1 || SSL_get_verify_callback(ssl) != nullptr) return;
  try {
    const char* const named = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const auto host = host_of_paho(named != nullptr ? named : "");
    if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
      verify_server(ssl, host, [record](const TlsFailure& failure) {
        if (record) record->refuse(failure);
      });
    }
    indicate(ssl, indicated_name(host));
  } catch (...) {
    // No memory. An empty host matches no certificate.
    if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) verify_server(ssl, {}, {});
  }
}

}  // namespace mqtt_tools::connection::hooks
