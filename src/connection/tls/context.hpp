// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace mqtt_tools::connection {

/// Checks what `tls` says and the files that it names before anything is connected: a cipher list
/// or pre-shared key that cannot be is a UsageError, and so is an encrypted key without a
/// passphrase; an unreadable file is RunError (code 1, path and reason), one that is readable but
/// useless (not PEM, key does not fit certificate, wrong passphrase) RunError (code 3).
void check_tls_files(const Tls& tls);

/// The cipher list that Paho must be given: the user's or the default, always with a security level
/// of at least 2; for a pre-shared key only suites that use it.
std::string cipher_list(const Tls& tls);

/// The bytes of the pre-shared key. Throws UsageError, which never repeats the key.
std::string psk_bytes(const Tls& tls);

/// Gives OpenSSL the pre-shared key and its identity, as it asks for them during a handshake: puts
/// both into the buffers and gives the key's length, or 0 ("no key"). Any thread. Throws nothing:
/// an exception must not cross OpenSSL's frames.
unsigned give_psk(const Tls& tls, char* identity, unsigned identity_size, unsigned char* key,
                  unsigned key_size) noexcept;

/// An SSL_CTX of OpenSSL.
using TlsContext = std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)>;

/// As the system's configuration makes it. Throws RunError (code 3).
TlsContext new_context();

/// The lowest protocol version, as OpenSSL numbers them: 1.2, the system's or the user's, whichever
/// is highest.
int minimum_version(const Tls& tls);

/// The system's security level, at least 2.
int security_level();

}  // namespace mqtt_tools::connection
