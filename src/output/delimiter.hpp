// SPDX-License-Identifier: MIT
#pragma once

#include "output/printer.hpp"

#include <string>

namespace mqtt_tools::output {

/// Appends what ends a message: a newline, nothing (-N) or a NUL (-0).
inline void append_delimiter(std::string& out, PrinterOptions::Delimiter delimiter) {
  if (delimiter == PrinterOptions::Delimiter::newline) {
    out += '\n';
  } else if (delimiter == PrinterOptions::Delimiter::null) {
    out += '\0';
  }
}

}  // namespace mqtt_tools::output
