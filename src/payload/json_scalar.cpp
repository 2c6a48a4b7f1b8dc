// SPDX-License-Identifier: MIT
#include "payload/json_scalar.hpp"

#include "bytes.hpp"
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace mqtt_tools::payload {

namespace {

constexpr std::uint64_t each(std::uint64_t byte) { return byte * 0x0101010101010101; }

/// Whether one of the eight bytes is less than `limit` (at most 0x80).
constexpr bool any_below(std::uint64_t eight, std::uint64_t limit) {
  return ((eight - each(limit)) & ~eight & each(0x80)) != 0;
}

constexpr bool any_equal(std::uint64_t eight, std::uint64_t byte) {
  return any_below(eight ^ each(byte), 1);
}

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

/// Letters behind a backslash, and what they stand for; any other, which is `/`, for itself.
constexpr std::string_view escape_letters = "\"\\bfnrt";
constexpr std::string_view escaped_characters = "\"\\\b\f\n\r\t";

/// What an escape such as `\n` or `\u00e9` stands for.
struct Escape {
  char32_t value = 0;
  std::size_t length = 2;
  bool is_character = true;  ///< A lone surrogate is none.
};

/// The four hexadecimal digits of `\u`; `text` begins behind it.
char32_t code_unit(std::string_view text) {
  std::uint16_t value = 0;
  std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 4), value, 16);
  return value;
}

/// `text` begins with a backslash and is part of valid JSON.
Escape read_escape(std::string_view text) {
  if (text[1] != 'u') {
    const std::size_t index = escape_letters.find(text[1]);
    return {index == std::string_view::npos ? U'/' : char32_t(escaped_characters[index])};
  }
  constexpr std::size_t length = 6;
  const char32_t unit = code_unit(text.substr(2));
  if (unit < 0xD800 || unit > 0xDFFF) return {unit, length};
  if (unit < 0xDC00 && text.substr(length, 2) == "\\u") {
    const char32_t second = code_unit(text.substr(length + 2));
    if (second >= 0xDC00 && second <= 0xDFFF) {
      return {0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00), 2 * length};
    }
  }
  return {unit, length, false};
}

/// Appends a character that may not stand for itself in a string, or any other.
void append_character(std::string& out, char32_t value) {
  const std::size_t index =
      value < 0x80 ? escaped_characters.find(static_cast<char>(value)) : std::string_view::npos;
  if (index != std::string_view::npos) {
    out += '\\';
    out += escape_letters[index];
  } else if (value >= 0x20) {
    append_utf8(out, value);
  } else {
    out += "\\u";
    append_hex(out, value, 4);
  }
}

/// Appends what a string token (with its quotes) says: what stands for itself as it is, the others
/// as `append(escape, token's text of it)` has it.
template <class Append>
void append_parts(std::string& out, std::string_view token, Append append) {
  std::string_view rest = token.substr(1, token.size() - 2);
  for (;;) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    out.append(rest, 0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) return;
    const Escape escape = read_escape(rest);
    append(escape, rest.substr(0, escape.length));
    rest.remove_prefix(escape.length);
  }
}

/// What a string token stands for; `lone` says what becomes of a surrogate without its other half.
template <class Lone>
std::string text_of(std::string_view token, Lone lone) {
  std::string text;
  text.reserve(token.size());
  append_parts(text, token, [&](const Escape& escape, std::string_view) {
    append_utf8(text, escape.is_character ? escape.value : lone(escape.value));
  });
  return text;
}

/// Adds `change` to the decimal digits of a natural number, which it does not make negative.
void add(std::string& digits, std::int64_t change) {
  for (std::size_t at = digits.size(); at > 0 && change != 0; --at) {
    const std::int64_t sum = digits[at - 1] - '0' + change;
    const std::int64_t digit = (sum % 10 + 10) % 10;
    digits[at - 1] = static_cast<char>('0' + digit);
    change = (sum - digit) / 10;
  }
  if (change > 0) digits.insert(0, std::to_string(change));
  digits.erase(0, digits.find_first_not_of('0'));
}

/// The exponent (digits with or without a sign, perhaps none) plus `change`.
std::string exponent_plus(std::string_view exponent, std::int64_t change) {
  constexpr std::size_t safe = 17;  // Digits that 64 bits hold together with any change.
  const bool negative = !exponent.empty() && exponent.front() == '-';
  exponent.remove_prefix(std::min(exponent.find_first_not_of("+-0"), exponent.size()));
  if (exponent.size() <= safe) {
    const auto value = to_number<std::int64_t>(exponent).value_or(0);  // None, or only zeros.
    return std::to_string((negative ? -value : value) + change);
  }
  // Larger than any change, which is the length of a text at most: its sign stays.
  std::string digits{exponent};
  add(digits, negative ? -change : change);
  return negative ? '-' + digits : digits;
}

/// DIGITS times ten to the power of `exponent`, without zeros at either end of the digits; zero has
/// none.
struct Decimal {
  explicit Decimal(std::string_view token) {
    const std::size_t e = std::min(token.find_first_of("eE"), token.size());
    std::string_view mantissa = token.substr(0, e);
    negative = mantissa.starts_with('-');
    if (negative) mantissa.remove_prefix(1);

    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const std::string_view decimals = mantissa.substr(std::min(point + 1, mantissa.size()));
    digits.append(mantissa, 0, point).append(decimals);
    const std::size_t end = digits.find_last_not_of('0') + 1;
    const auto zeros = static_cast<std::int64_t>(digits.size() - end);
    digits.resize(end);
    digits.erase(0, digits.find_first_not_of('0'));
    exponent = exponent_plus(token.substr(std::min(e + 1, token.size())),
                             zeros - static_cast<std::int64_t>(decimals.size()));
  }

  int sign() const { return digits.empty() ? 0 : negative ? -1 : 1; }

  /// The exponent of 0.DIGITS.
  std::string magnitude() const {
    return exponent_plus(exponent, static_cast<std::int64_t>(digits.size()));
  }

  bool negative = false;
  std::string digits{};
  std::string exponent{};
};

/// Integers as text, without leading zeros.
int compare_integers(std::string_view one, std::string_view other) {
  const bool negative = one.front() == '-';
  if (negative != (other.front() == '-')) return negative ? -1 : 1;
  const int order =
      one.size() != other.size() ? (one.size() < other.size() ? -1 : 1) : one.compare(other);
  return negative ? -order : order;
}

}  // namespace

std::size_t plain_length(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t eight = 0;
  for (; text.size() - at >= sizeof eight; at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if (any_below(eight, 0x20) || any_equal(eight, '"') || any_equal(eight, '\\')) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size()) {
    at += plain_length(text.substr(at));
    if (at >= text.size()) break;
    if (text[at] == '"') return at + 1;
    at += text[at] == '\\' ? 2 : 1;
  }
  return text.size();
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (;;) {
    const std::size_t plain = plain_length(text);
    out.append(text, 0, plain);
    if (plain == text.size()) break;
    append_character(out, static_cast<unsigned char>(text[plain]));
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

void append_requoted(std::string& out, std::string_view token) {
  out += '"';
  append_parts(out, token, [&out](const Escape& escape, std::string_view written) {
    if (escape.is_character) {
      append_character(out, escape.value);
    } else {
      out += written;
    }
  });
  out += '"';
}

std::string unquoted(std::string_view token) {
  return text_of(token, [](char32_t) { return U'\uFFFD'; });
}

std::string exact_text(std::string_view token) {
  // The pattern of UTF-8, which has no surrogates: WTF-8, as others call it.
  return text_of(token, [](char32_t surrogate) { return surrogate; });
}

std::string& JsonObject::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_string(out_, name);
  return out_ += ':';
}

void append_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  const std::string_view text{digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
  out += text;
  // It was no integer where it came from.
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

std::string canonical_number(std::string_view token) {
  const Decimal number{token};
  if (number.digits.empty()) return "0";  // Minus zero is zero.
  return (number.negative ? "-" : "") + number.digits + 'e' + number.exponent;
}

int compare_numbers(std::string_view one, std::string_view other) {
  const Decimal left{one};
  const Decimal right{other};
  if (left.sign() != right.sign()) return left.sign() < right.sign() ? -1 : 1;
  if (left.sign() == 0) return 0;
  int order = compare_integers(left.magnitude(), right.magnitude());
  if (order == 0) order = left.digits.compare(right.digits);
  return left.negative ? -order : order;
}

}  // namespace mqtt_tools::payload
