// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <string>

namespace mqtt_tools::connection {

/// The bytes of the pre-shared key. Throws UsageError, which never repeats the key.
std::string psk_bytes(const Tls& tls);

/// Gives OpenSSL the pre-shared key and its identity, as it asks for them during a handshake: puts
/// both into the buffers and gives the key's length, or 0 ("no key"). Any thread. Throws nothing:
/// an exception must not cross OpenSSL's frames.
unsigned give_psk(const Tls& tls, char* identity, unsigned identity_size, unsigned char* key,
                  unsigned key_size) noexcept;

}  // namespace mqtt_tools::connection
