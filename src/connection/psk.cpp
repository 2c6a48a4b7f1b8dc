// SPDX-License-Identifier: MIT

#include "connection/psk.hpp"

#include "error.hpp"

#include <cstring>
#include <optional>
#include <string_view>

namespace mqtt_tools::connection {

namespace {

/// "0a1b" as two bytes, or nothing.
std::optional<std::string> from_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (text.size() % 2 != 0) return {};
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    int byte = 0;
    for (const char letter : text.substr(at, 2)) {
      const bool upper = letter >= 'A' && letter <= 'F';
      const auto digit = digits.find(upper ? static_cast<char>(letter - 'A' + 'a') : letter);
      if (digit == std::string_view::npos) return {};
      byte = byte * 16 + static_cast<int>(digit);
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

constexpr std::size_t longest_key = 256;  // Bytes: OpenSSL 1.1's limit, the smallest of all.

}  // namespace

std::string psk_bytes(const Tls& tls) {
  const auto bytes = from_hex(tls.psk.value_or(""));
  if (!bytes || bytes->empty()) {
    throw UsageError("the pre-shared key is an even number of hex digits");
  }
  if (bytes->size() > longest_key) {
    throw UsageError("the pre-shared key is longer than 256 bytes");
  }
  return *bytes;
}

unsigned give_psk(const Tls& tls, char* identity, unsigned identity_size, unsigned char* key,
                  unsigned key_size) noexcept {
  try {
    const auto bytes = psk_bytes(tls);
    if (tls.psk_identity.size() >= identity_size || bytes.size() > key_size) return 0;
    std::memcpy(identity, tls.psk_identity.c_str(), tls.psk_identity.size() + 1);
    std::memcpy(key, bytes.data(), bytes.size());
    return static_cast<unsigned>(bytes.size());
  } catch (...) {
    return 0;
  }
}

}  // namespace mqtt_tools::connection
