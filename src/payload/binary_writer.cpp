// SPDX-License-Identifier: MIT
#include "payload/binary.hpp"

#include "error.hpp"
#include "payload/json.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <vector>

namespace mqtt_tools::payload {

namespace {

using Kind = JsonToken::Kind;

/// An integer as both encodings have it.
struct Integer {
  bool negative = false;
  std::uint64_t argument = 0;  ///< The integer, or what it is less than -1 by: -1 has 0.
};

/// Nothing if no encoding can hold it.
std::optional<Integer> read_integer(std::string_view token) {
  const bool negative = token.front() == '-';
  const std::string_view digits = token.substr(negative ? 1 : 0);
  // The only one that 64 bits hold when it is negative, but not its size.
  if (negative && digits == "18446744073709551616") {
    return Integer{true, std::numeric_limits<std::uint64_t>::max()};
  }
  const auto size = to_number<std::uint64_t>(digits);
  if (!size) return std::nullopt;
  return Integer{negative, negative ? *size - 1 : *size};
}

/// Minus zero is an integer only to those who do not see its sign.
bool is_integer(std::string_view token) {
  return token.find_first_of(".eE") == std::string_view::npos && token != "-0";
}

/// Bytes that grow, numbers with their highest byte first.
class Bytes {
 public:
  void put(std::uint64_t first, std::uint64_t value, std::size_t size) {
    bytes_ += static_cast<char>(first);
    for (std::size_t shift = 8 * size; shift > 0; shift -= 8) {
      bytes_ += static_cast<char>(value >> (shift - 8) & 0xFF);
    }
  }
  void put(std::uint64_t byte) { put(byte, 0, 0); }
  void put_text(std::string_view text) { bytes_ += text; }

  /// `value` in as many bytes as `size` takes; `first` says one byte, the next two, and so on.
  void sized(std::uint64_t first, std::uint64_t size, std::uint64_t value) {
    if (size <= 0xFF) return put(first, value, 1);
    if (size <= 0xFFFF) return put(first + 1, value, 2);
    if (size <= 0xFFFFFFFF) return put(first + 2, value, 4);
    put(first + 3, value, 8);
  }

  /// In four bytes if that is the same number.
  void put_real(double value, std::uint64_t as_float, std::uint64_t as_double) {
    constexpr double farthest = std::numeric_limits<float>::max();
    if (std::abs(value) <= farthest && double{static_cast<float>(value)} == value) {
      put(as_float, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
    } else {
      put(as_double, std::bit_cast<std::uint64_t>(value), 8);
    }
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_{};
};

class Cbor : public Bytes {
 public:
  static constexpr const char* name = "CBOR";
  static constexpr const char* integers = "-18446744073709551616 to 18446744073709551615";

  void array(std::uint64_t count) { head(4, count); }
  void map(std::uint64_t count) { head(5, count); }
  void text(std::string_view text) {
    head(3, text.size());
    put_text(text);
  }
  void word(char first) { put(first == 'f' ? 0xF4 : first == 't' ? 0xF5 : 0xF6); }
  void real(double value) { put_real(value, 0xFA, 0xFB); }
  bool integer(const Integer& value) {
    head(value.negative ? 1 : 0, value.argument);
    return true;
  }

 private:
  void head(std::uint64_t major, std::uint64_t argument) {
    major <<= 5;
    argument < 24 ? put(major | argument) : sized(major | 24, argument, argument);
  }
};

class MessagePack : public Bytes {
 public:
  static constexpr const char* name = "MessagePack";
  static constexpr const char* integers = "-9223372036854775808 to 18446744073709551615";

  void array(std::uint64_t count) { length(0x90, 16, 0xDC, count); }
  void map(std::uint64_t count) { length(0x80, 16, 0xDE, count); }
  void text(std::string_view text) {
    if (text.size() >= 32 && text.size() <= 0xFF) {
      put(0xD9, text.size(), 1);
    } else {
      length(0xA0, 32, 0xDA, text.size());
    }
    put_text(text);
  }
  void word(char first) { put(first == 'f' ? 0xC2 : first == 't' ? 0xC3 : 0xC0); }
  void real(double value) { put_real(value, 0xCA, 0xCB); }
  bool integer(const Integer& value) {
    const std::uint64_t argument = value.argument;
    if (!value.negative) {
      argument < 0x80 ? put(argument) : sized(0xCC, argument, argument);
      return true;
    }
    if (argument > std::numeric_limits<std::uint64_t>::max() / 2) return false;
    // Half of what the bytes can count is below zero.
    argument < 32 ? put(~argument) : sized(0xD0, 2 * argument, ~argument);
    return true;
  }

 private:
  /// Below `limit` it stands in the type; else `first` says two bytes, the next type four.
  void length(std::uint64_t type, std::uint64_t limit, std::uint64_t first, std::uint64_t count) {
    if (count < limit) return put(type | count);
    count <= 0xFFFF ? put(first, count, 2) : put(first + 1, count, 4);
  }
};

/// How many members or elements each object and array has, in the order in which they begin: both
/// encodings say it before the first. One walk tells for all, however deep they nest.
std::vector<std::uint64_t> entry_counts(std::string_view json) {
  std::vector<std::uint64_t> counts;
  std::vector<std::size_t> open;  // Of those that have not ended, the place in `counts`.
  JsonTokens tokens{json};
  Kind before = Kind::end;
  for (JsonToken token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    if (token.kind == Kind::comma || (begins(before) && !ends(token.kind))) ++counts[open.back()];
    if (begins(token.kind)) {
      open.push_back(counts.size());
      counts.push_back(0);
    } else if (ends(token.kind)) {
      open.pop_back();
    }
    before = token.kind;
  }
  return counts;
}

/// A payload may have a number of a million digits.
std::string shown(std::string_view token) { return shortened(token, 40); }

template <class Encoding>
[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw UsageError(std::string(Encoding::name) + " cannot hold " + what + ": " + why +
                   "; --encode json can");
}

template <class Encoding>
void write_number(Encoding& out, std::string_view token) {
  if (is_integer(token)) {
    const auto integer = read_integer(token);
    if (!integer || !out.integer(*integer)) {
      refuse<Encoding>("the integer " + shown(token),
                       std::string("its integers go from ") + Encoding::integers);
    }
    return;
  }
  // The programs never leave the C locale.
  const double value = std::strtod(std::string(token).c_str(), nullptr);
  if (std::isinf(value) || (value == 0 && canonical_number(token) != "0")) {
    refuse<Encoding>(
        "the number " + shown(token),
        std::string("it is too ") + (value == 0 ? "small" : "large") + " for a double");
  }
  out.real(value);
}

template <class Encoding>
void write_text(Encoding& out, std::string_view token) {
  const std::string text = exact_text(token);
  if (first_invalid_utf8(text)) {
    refuse<Encoding>("half a surrogate pair", "the text " + shown(token) + " is not Unicode");
  }
  out.text(text);
}

template <class Encoding>
std::string written(std::string_view json) {
  Encoding out;
  const std::vector<std::uint64_t> counts = entry_counts(json);
  auto count = counts.begin();
  JsonTokens tokens{json};
  for (JsonToken token = tokens.next(); token.kind != Kind::end; token = tokens.next()) {
    switch (token.kind) {
      case Kind::begin_object:
        out.map(*count++);
        break;
      case Kind::begin_array:
        out.array(*count++);
        break;
      case Kind::key:
      case Kind::string:
        write_text(out, token.text);
        break;
      case Kind::number:
        write_number(out, token.text);
        break;
      case Kind::word:
        out.word(token.text.front());
        break;
      default:
        break;
    }
  }
  return out.take();
}

}  // namespace

std::string json_to_cbor(std::string_view json) { return written<Cbor>(json); }
std::string json_to_msgpack(std::string_view json) { return written<MessagePack>(json); }

}  // namespace mqtt_tools::payload
