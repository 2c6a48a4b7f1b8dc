// SPDX-License-Identifier: MIT
#include "payload/json_number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace mqtt_tools::payload {

namespace {

template <class Number>
void append(std::string& out, Number value) {
  char text[32];
  const auto written = std::to_chars(text, text + sizeof text, value);
  out.append(text, written.ptr);
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
    std::int64_t value = 0;
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
    return std::to_string((negative ? -value : value) + change);
  }
  // Larger than any change, which is the length of a text at most: its sign stays.
  std::string digits{exponent};
  add(digits, negative ? -change : change);
  return negative ? '-' + digits : digits;
}

}  // namespace

void append_integer(std::string& out, std::uint64_t value) { append(out, value); }
void append_integer(std::string& out, std::int64_t value) { append(out, value); }

void append_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  const std::size_t begin = out.size();
  append(out, value);
  // It was no integer where it came from.
  if (std::string_view(out).substr(begin).find_first_of(".e") == std::string_view::npos) {
    out += ".0";
  }
}

std::string canonical_number(std::string_view token) {
  const std::size_t e = std::min(token.find_first_of("eE"), token.size());
  const std::string_view exponent = token.substr(std::min(e + 1, token.size()));
  std::string_view mantissa = token.substr(0, e);
  const bool negative = !mantissa.empty() && mantissa.front() == '-';
  if (negative) mantissa.remove_prefix(1);

  // All digits without the point, then without the zeros at both ends.
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits{mantissa.substr(0, point)};
  auto shift = std::int64_t{0};
  if (point < mantissa.size()) {
    digits += mantissa.substr(point + 1);
    shift -= static_cast<std::int64_t>(mantissa.size() - point - 1);
  }
  const std::size_t last = digits.find_last_not_of('0');
  if (last == std::string::npos) return "0";  // Minus zero is zero.
  shift += static_cast<std::int64_t>(digits.size() - last - 1);
  digits.resize(last + 1);
  digits.erase(0, digits.find_first_not_of('0'));

  digits += 'e';
  digits += exponent_plus(exponent, shift);
  return negative ? '-' + digits : digits;
}

}  // namespace mqtt_tools::payload
