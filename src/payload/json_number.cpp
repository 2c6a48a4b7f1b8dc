// SPDX-License-Identifier: MIT
#include "payload/json_number.hpp"

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

template <class Real>
void append_finite_or_null(std::string& out, Real value) {
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

}  // namespace

void append_integer(std::string& out, std::uint64_t value) { append(out, value); }
void append_integer(std::string& out, std::int64_t value) { append(out, value); }
void append_real(std::string& out, float value) { append_finite_or_null(out, value); }
void append_real(std::string& out, double value) { append_finite_or_null(out, value); }

}  // namespace mqtt_tools::payload
