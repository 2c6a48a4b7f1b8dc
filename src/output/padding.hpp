// SPDX-License-Identifier: MIT
#pragma once

#include "output/field.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// The first `size` bytes, if there is such a limit.
inline std::string_view cut(std::string_view text, std::optional<std::size_t> size) {
  return size ? text.substr(0, *size) : text;
}

/// Fills up what was appended to `out` since `begin` to the width of the field.
inline void pad(std::string& out, std::size_t begin, const Field& field, char filler) {
  const std::size_t size = out.size() - begin;
  if (size >= field.width) {
    return;
  }
  if (field.left) {
    out.append(field.width - size, ' ');
  } else {
    out.insert(begin, field.width - size, filler);
  }
}

}  // namespace mqtt_tools::output
