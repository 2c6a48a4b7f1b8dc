// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mqtt_tools::payload {

/// Takes bytes apart from their front, never past their end. For CBOR and MessagePack.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  bool take(std::uint8_t byte) {
    if (rest_.empty() || static_cast<std::uint8_t>(rest_.front()) != byte) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// An unsigned number of `size` (at most 8) bytes, the highest first.
  std::optional<std::uint64_t> number(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : rest_.substr(0, size)) value = value << 8 | static_cast<unsigned char>(c);
    rest_.remove_prefix(size);
    return value;
  }

  std::optional<std::string_view> bytes(std::uint64_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace mqtt_tools::payload
