// SPDX-License-Identifier: MIT
#pragma once

#include <string>

struct x509_st;

namespace mqtt_tools::connection {

/// Why the certificate of `host` is not believed: OpenSSL's X509_V_ERR_… `error` at `certificate`,
/// which is the broker's own at `depth` 0, else an authority's. Terminal-safe.
std::string certificate_words(int error, int depth, const x509_st* certificate,
                              const std::string& host);

}  // namespace mqtt_tools::connection
