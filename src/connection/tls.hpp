// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <string>

namespace mqtt_tools::connection {

/// Checks what `tls` says and the files that it names before anything is connected: a cipher list
/// or pre-shared key that cannot be is a UsageError, and so is an encrypted key without a
/// passphrase; an unreadable file is RunError (code 1, path and reason), one that is readable but
/// useless (not PEM, key does not fit certificate, wrong passphrase) RunError (code 3).
void check_tls_files(const Tls& tls);

/// Sets OpenSSL up for this process: minimum version, and only TLS 1.2 with a pre-shared key. Call
/// once, before the first Paho client is created, and only when TLS is on. What the system's
/// configuration says besides is kept, and never lowered. Throws RunError if OpenSSL does not obey.
void prepare_tls(const Tls& tls);

/// The cipher list that Paho must be given: the user's or the default, always with a security level
/// of at least 2; for a pre-shared key only suites that use it.
std::string cipher_list(const Tls& tls);

}  // namespace mqtt_tools::connection
