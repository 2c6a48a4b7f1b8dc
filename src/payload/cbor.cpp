// SPDX-License-Identifier: MIT
#include "payload/cbor.hpp"

#include "bytes.hpp"
#include "payload/byte_reader.hpp"
#include "payload/json_number.hpp"
#include "payload/json_text.hpp"
#include "payload/json_writer.hpp"
#include "text.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace mqtt_tools::payload {

namespace {

enum Major : unsigned { unsigned_integer, negative_integer, bytes, text, array, map, tag, other };

/// How an item begins.
struct Head {
  unsigned major = 0;
  unsigned info = 0;           ///< The low five bits of the first byte.
  std::uint64_t argument = 0;  ///< A value, a length or a count.
  bool indefinite = false;     ///< No length: the item goes on to a break.
};

double from_half(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1F);
  const double fraction = static_cast<double>(bits & 0x3FF);
  const double size = exponent == 0    ? std::ldexp(fraction, -24)
                      : exponent == 31 ? std::numeric_limits<double>::infinity()
                                       : std::ldexp(fraction + 1024, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

/// Reads items and writes them as JSON text. Every function says whether that was possible.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}

  bool document() { return value() && in_.at_end(); }
  std::string& json() { return out_; }

 private:
  std::optional<Head> head() {
    const auto first = in_.number(1);
    if (!first) return std::nullopt;
    Head head{static_cast<unsigned>(*first >> 5), static_cast<unsigned>(*first & 0x1F)};
    head.argument = head.info;
    if (head.info == 31) {
      head.indefinite = true;
    } else if (head.info >= 28) {
      return std::nullopt;
    } else if (head.info >= 24) {
      const auto argument = in_.number(std::size_t{1} << (head.info - 24));
      if (!argument) return std::nullopt;
      head.argument = *argument;
    }
    return head;
  }

  bool value() {
    std::optional<Head> head = this->head();
    while (head && head->major == Major::tag && !head->indefinite) head = this->head();
    if (!head) return false;
    switch (head->major) {
      case Major::unsigned_integer:
        append_integer(out_, head->argument);
        return !head->indefinite;
      case Major::negative_integer:
        negative(head->argument);
        return !head->indefinite;
      case Major::bytes:
      case Major::text:
        return string(*head);
      case Major::array:
      case Major::map:
        return container(*head);
      case Major::other:
        return simple(*head);
      default:
        return false;
    }
  }

  /// -1 - `argument`, which may be less than 64 bits can hold.
  void negative(std::uint64_t argument) {
    out_ += '-';
    if (argument == std::numeric_limits<std::uint64_t>::max()) {
      out_ += "18446744073709551616";
    } else {
      append_integer(out_, argument + 1);
    }
  }

  bool string(const Head& head) {
    std::string whole;
    if (!head.indefinite) {
      if (!chunk(head, whole)) return false;
    } else {
      while (!in_.take(end)) {
        const auto part = this->head();
        if (!part || part->major != head.major || part->indefinite) return false;
        if (!chunk(*part, whole)) return false;
      }
    }
    append_string(out_, head.major == Major::text ? whole : to_base64(whole));
    return true;
  }

  bool chunk(const Head& head, std::string& whole) {
    const auto content = in_.bytes(head.argument);
    if (!content) return false;
    if (head.major == Major::text && first_invalid_utf8(*content)) return false;
    whole += *content;
    return true;
  }

  bool container(const Head& head) {
    const auto goes_on = [&](std::uint64_t index) {
      return head.indefinite ? !in_.take(end) : index < head.argument;
    };
    const auto next = [this] { return value(); };
    return head.major == Major::array ? json_.array(goes_on, next) : json_.object(goes_on, next);
  }

  bool simple(const Head& head) {
    switch (head.info) {
      case 20:
        out_ += "false";
        return true;
      case 21:
        out_ += "true";
        return true;
      case 22:
      case 23:  // Undefined.
        out_ += "null";
        return true;
      case 25:
        append_real(out_, from_half(head.argument));
        return true;
      case 26:
        append_real(out_, double{std::bit_cast<float>(static_cast<std::uint32_t>(head.argument))});
        return true;
      case 27:
        append_real(out_, std::bit_cast<double>(head.argument));
        return true;
      default:  // A value that nobody has given a meaning, or a break where none may be.
        return false;
    }
  }

  static constexpr std::uint8_t end = 0xFF;

  ByteReader in_;
  JsonWriter json_{};
  std::string& out_ = json_.text();
};

}  // namespace

std::optional<std::string> cbor_to_json(std::string_view bytes) {
  Reader reader{bytes};
  if (!reader.document()) return std::nullopt;
  return std::move(reader.json());
}

}  // namespace mqtt_tools::payload
