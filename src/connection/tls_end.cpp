// SPDX-License-Identifier: MIT

#include "connection/tls_end.hpp"

#include "connection/tls/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

namespace {

/// OpenSSL's macro for this is a cast that we do not write.
void name_server(SSL* ssl, std::string name) {
  if (name.empty()) return;
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

}  // namespace

void FreeTlsEnd::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsEnd new_end(ssl_ctx_st* context, const std::string& host) {
  TlsEnd ssl{SSL_new(context)};
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl.get());
  name_server(ssl.get(), indicated_name(host));
  return ssl;
}

}  // namespace mqtt_tools::connection
