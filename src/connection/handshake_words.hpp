// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <string>

namespace mqtt_tools::connection {

/// Whether the broker asked for a client certificate, and what it got.
enum class Asked { no, had_none, gave_ours };

/// Why a handshake failed, from OpenSSL's error queue, which is emptied.
std::string handshake_words(const Tls& tls, const std::string& host, Asked asked);

/// What it means that a broker which asked for a certificate does not go on.
std::string certificate_refused_words(const Tls& tls, Asked asked);

}  // namespace mqtt_tools::connection
