// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <string>

namespace mqtt_tools::connection {

/// Checks the files that `tls` names before anything is connected: unreadable is RunError (code 1,
/// path and reason), readable but useless (not PEM, key does not fit certificate, wrong passphrase)
/// RunError (code 3), an encrypted key without a passphrase UsageError.
void check_tls_files(const Tls& tls);

/// Sets OpenSSL up for this process: minimum version, security level. Call once, before the first
/// Paho client is created, and only when TLS is on.
void prepare_tls(const Tls& tls);

/// The cipher list that Paho must be given: the user's or the default, always with a security level
/// of at least 2; for a pre-shared key only suites that use it.
std::string cipher_list(const Tls& tls);

}  // namespace mqtt_tools::connection
