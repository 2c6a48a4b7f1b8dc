// SPDX-License-Identifier: MIT
#include "output/payload_field.hpp"

#include "output/hostile.hpp"
#include "output/padding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace mqtt_tools::output {

namespace {

using Part = Field::Part;

/// mosquitto_sub pads `%-p` and `%-x` without a width by as many blanks as the payload has bytes.
void pad_without_width(std::string& out, const Field& field, std::size_t size) {
  if (field.left && field.width == 0) {
    out.append(size, ' ');
  }
}

std::string in_hex(std::string_view bytes, Part part) {
  const char* const digits = part == Part::payload_in_hex ? "0123456789abcdef" : "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

/// As mosquitto_sub 2.1: zeros and blanks before the digits are grouped with them.
void append_groups(std::string& out, const Field& field, std::string_view digits) {
  const std::size_t group = *field.precision;
  const std::size_t size = std::max(digits.size(), field.left ? 0 : field.width);
  const std::size_t blank = size - digits.size();
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0 && i % group == 0) {
      out += field.separator;
    }
    out += i < blank ? (field.zeros ? '0' : ' ') : digits[i - blank];
  }
  if (field.left && digits.size() < field.width) {
    out.append(field.width - digits.size(), ' ');
  }
}

template <typename Float>
void append_float(std::string& out, const Field& field, std::string_view payload) {
  Float value = 0;
  if (payload.size() != sizeof value) {
    return;
  }
  std::memcpy(&value, payload.data(), sizeof value);
  const int decimals = static_cast<int>(std::min<std::size_t>(field.precision.value_or(6), 100));
  std::array<char, 512> text;  // DBL_MAX has 309 digits before the point
  const int size = std::snprintf(text.data(), text.size(), "%.*f", decimals, double{value});
  const std::size_t begin = out.size();
  out.append(text.data(), static_cast<std::size_t>(size));
  if (field.zeros && !field.left && std::isfinite(value) && out.size() - begin < field.width) {
    const std::size_t sign = out[begin] == '-' ? 1 : 0;
    out.insert(begin + sign, field.width - (out.size() - begin), '0');
  } else {
    pad(out, begin, field, ' ');
  }
}

}  // namespace

void append_payload(std::string& out, const Field& field, std::string_view payload, bool terminal) {
  const std::size_t begin = out.size();
  append_hostile(out, field.width > 0 ? payload.substr(0, field.width) : payload, terminal,
                 Lines::keep);
  pad(out, begin, field, field.zeros ? '0' : ' ');
  pad_without_width(out, field, payload.size());
}

void append_payload_in_hex(std::string& out, const Field& field, std::string_view payload) {
  if (field.precision && *field.precision > 0) {
    append_groups(out, field,
                  in_hex(cut(payload, field.width > 0 ? field.width : payload.size()), field.part));
    return;
  }
  // With a width mosquitto_sub 2.0 shows at most so many bytes, and of these the first half.
  const std::size_t size =
      field.width > 0 ? std::min(payload.size(), field.width) / 2 : payload.size();
  const std::size_t begin = out.size();
  out += in_hex(payload.substr(0, size), field.part);
  pad(out, begin, field, field.zeros ? '0' : ' ');
  pad_without_width(out, field, payload.size());
}

void append_payload_as_float(std::string& out, const Field& field, std::string_view payload) {
  append_float<float>(out, field, payload);
}

void append_payload_as_double(std::string& out, const Field& field, std::string_view payload) {
  append_float<double>(out, field, payload);
}

}  // namespace mqtt_tools::output
