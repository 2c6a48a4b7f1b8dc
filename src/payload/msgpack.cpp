// SPDX-License-Identifier: MIT
#include "payload/msgpack.hpp"

#include "bytes.hpp"
#include "payload/byte_reader.hpp"
#include "payload/json_number.hpp"
#include "payload/json_text.hpp"
#include "payload/json_writer.hpp"
#include "text.hpp"
#include "timestamp.hpp"

#include <bit>
#include <cstdint>

namespace mqtt_tools::payload {

namespace {

/// The time that the data of extension -1 stands for.
std::optional<Timestamp> read_timestamp(std::string_view data) {
  constexpr std::int64_t farthest = 9000000000;  // Seconds; near what the clock can count.
  ByteReader reader{data};
  std::uint64_t nanoseconds = 0;
  std::int64_t seconds = 0;
  if (data.size() == 4) {
    seconds = static_cast<std::int64_t>(*reader.number(4));
  } else if (data.size() == 8) {
    const std::uint64_t both = *reader.number(8);
    nanoseconds = both >> 34;
    seconds = static_cast<std::int64_t>(both & 0x3FFFFFFFF);
  } else if (data.size() == 12) {
    nanoseconds = *reader.number(4);
    seconds = static_cast<std::int64_t>(*reader.number(8));
  } else {
    return std::nullopt;
  }
  if (nanoseconds > 999999999 || seconds > farthest || seconds < -farthest) return std::nullopt;
  return Timestamp{std::chrono::seconds{seconds}} +
         std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds)};
}

/// As many decimals as the time has, in steps of three.
int decimals(Timestamp time) {
  const auto fraction = time.time_since_epoch() % std::chrono::seconds{1};
  if (fraction.count() == 0) return 0;
  if (fraction % std::chrono::milliseconds{1} == decltype(fraction)::zero()) return 3;
  return fraction % std::chrono::microseconds{1} == decltype(fraction)::zero() ? 6 : 9;
}

/// Reads objects and writes them as JSON text. Every function says whether that was possible.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}

  bool document() { return value() && in_.at_end(); }
  std::string& json() { return out_; }

 private:
  bool value() {
    const auto first = in_.number(1);
    if (!first) return false;
    const std::uint64_t type = *first;
    if (type <= 0x7F) return integer(type);
    if (type <= 0x8F) return members(type & 0xF);
    if (type <= 0x9F) return elements(type & 0xF);
    if (type <= 0xBF) return text(type & 0x1F);
    if (type >= 0xE0) return signed_integer(type, 1);
    return other(type);
  }

  bool other(std::uint64_t type) {
    switch (type) {
      case 0xC0:
        return word("null");
      case 0xC2:
        return word("false");
      case 0xC3:
        return word("true");
      case 0xC4:
      case 0xC5:
      case 0xC6:
        return binary(in_.number(std::size_t{1} << (type - 0xC4)));
      case 0xC7:
      case 0xC8:
      case 0xC9:
        return extension(in_.number(std::size_t{1} << (type - 0xC7)));
      case 0xCA:
      case 0xCB:
        return real(in_.number(type == 0xCA ? 4 : 8), type == 0xCA);
      case 0xCC:
      case 0xCD:
      case 0xCE:
      case 0xCF:
        return integer(in_.number(std::size_t{1} << (type - 0xCC)));
      case 0xD0:
      case 0xD1:
      case 0xD2:
      case 0xD3: {
        const std::size_t size = std::size_t{1} << (type - 0xD0);
        return signed_integer(in_.number(size), size);
      }
      case 0xD4:
      case 0xD5:
      case 0xD6:
      case 0xD7:
      case 0xD8:
        return extension(std::uint64_t{1} << (type - 0xD4));
      case 0xD9:
      case 0xDA:
      case 0xDB:
        return text(in_.number(std::size_t{1} << (type - 0xD9)));
      case 0xDC:
      case 0xDD:
        return elements(in_.number(type == 0xDC ? 2 : 4));
      case 0xDE:
      case 0xDF:
        return members(in_.number(type == 0xDE ? 2 : 4));
      default:  // 0xC1 is never used.
        return false;
    }
  }

  bool word(std::string_view json) {
    out_ += json;
    return true;
  }

  bool integer(std::optional<std::uint64_t> value) {
    if (value) append_integer(out_, *value);
    return value.has_value();
  }

  bool signed_integer(std::optional<std::uint64_t> bits, std::size_t size) {
    if (!bits) return false;
    const std::size_t unused = 64 - 8 * size;
    append_integer(out_, static_cast<std::int64_t>(*bits << unused) >> unused);
    return true;
  }

  bool real(std::optional<std::uint64_t> bits, bool is_float) {
    if (!bits) return false;
    if (is_float) {
      append_real(out_, double{std::bit_cast<float>(static_cast<std::uint32_t>(*bits))});
    } else {
      append_real(out_, std::bit_cast<double>(*bits));
    }
    return true;
  }

  bool text(std::optional<std::uint64_t> length) {
    const auto content = length ? in_.bytes(*length) : std::nullopt;
    if (!content || first_invalid_utf8(*content)) return false;
    append_string(out_, *content);
    return true;
  }

  bool binary(std::optional<std::uint64_t> length) {
    const auto content = length ? in_.bytes(*length) : std::nullopt;
    if (!content) return false;
    append_string(out_, to_base64(*content));
    return true;
  }

  bool extension(std::optional<std::uint64_t> length) {
    constexpr std::uint64_t timestamp = 0xFF;  // Type -1.
    const auto type = in_.number(1);
    const auto data = length && type ? in_.bytes(*length) : std::nullopt;
    if (!data) return false;
    const auto time = *type == timestamp ? read_timestamp(*data) : std::nullopt;
    append_string(out_, time ? to_rfc3339(*time, decimals(*time)) : to_base64(*data));
    return true;
  }

  bool elements(std::optional<std::uint64_t> count) {
    return count && json_.array([count](std::uint64_t index) { return index < *count; },
                                [this] { return value(); });
  }

  bool members(std::optional<std::uint64_t> count) {
    return count && json_.object([count](std::uint64_t index) { return index < *count; },
                                 [this] { return value(); });
  }

  ByteReader in_;
  JsonWriter json_{};
  std::string& out_ = json_.text();
};

}  // namespace

std::optional<std::string> msgpack_to_json(std::string_view bytes) {
  Reader reader{bytes};
  if (!reader.document()) return std::nullopt;
  return std::move(reader.json());
}

}  // namespace mqtt_tools::payload
