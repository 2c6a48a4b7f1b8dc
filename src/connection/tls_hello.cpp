// SPDX-License-Identifier: MIT

#include "connection/tls_hello.hpp"

#include "connection/tls_context.hpp"
#include "connection/tls_end.hpp"

#include <algorithm>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

std::string client_hello(const std::string& host) {
  const auto context = new_context();
  const auto ssl = new_end(context.get(), host);
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
