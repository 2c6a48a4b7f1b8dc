// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <memory>

struct ssl_ctx_st;

namespace mqtt_tools::connection {

struct FreeTlsContext {
  void operator()(ssl_ctx_st* context) const;
};

/// An SSL_CTX of OpenSSL.
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

/// As the system's configuration makes it, and after prepare_tls() ours.
TlsContext new_context();

/// The lowest protocol version, as OpenSSL numbers them: 1.2, the system's or the user's, whichever
/// is highest.
int minimum_version(const Tls& tls);

/// The system's security level, at least 2.
int security_level();

/// A context with the settings that Paho gets. It refers to `tls`. Throws RunError (code 3).
TlsContext make_context(const Tls& tls);

/// The first reason in OpenSSL's error queue in words, which it empties.
std::string openssl_words();

}  // namespace mqtt_tools::connection
