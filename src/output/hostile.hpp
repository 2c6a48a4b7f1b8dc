// SPDX-License-Identifier: MIT
#pragma once

#include "text.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// Appends text that others wrote: escaped on a terminal, byte for byte elsewhere.
inline void append_hostile(std::string& out, std::string_view text, bool terminal,
                           Lines lines = Lines::escape) {
  if (terminal) {
    append_escaped(out, text, lines);
  } else {
    out += text;
  }
}

}  // namespace mqtt_tools::output
