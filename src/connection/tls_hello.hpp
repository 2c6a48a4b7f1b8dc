// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// The first message of a handshake with `host`.
std::string client_hello(const std::string& host);

/// `bytes` begin with a record of TLS (RFC 8446 §5.1).
bool is_tls_record(std::string_view bytes);

}  // namespace mqtt_tools::connection
