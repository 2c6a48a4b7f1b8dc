// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace mqtt_tools::connection {

struct FreeTlsEnd {
  void operator()(ssl_st* ssl) const;
};

/// An SSL of OpenSSL: the client's end of a TLS connection, whose bytes come from and go to memory.
using TlsEnd = std::unique_ptr<ssl_st, FreeTlsEnd>;

/// One that is about to shake hands with `host`, which it names.
TlsEnd new_end(ssl_ctx_st* context, const std::string& host);

}  // namespace mqtt_tools::connection
