// SPDX-License-Identifier: MIT
#pragma once

#include "output/printer.hpp"
#include "payload/decode.hpp"
#include "payload/json_pointer.hpp"

#include <memory>
#include <optional>
#include <string>

namespace mqtt_tools::output {

/// How messages are shown, as the user asked. Plain data.
struct PrinterOptions {
  enum class Form { pretty, raw, json, format };  ///< `auto` is settled before.
  enum class Delimiter { newline, none, null };

  Form form = Form::raw;
  std::string format{};                      ///< -F, for Form::format.
  bool topic = false;                        ///< -v: topic before payload.
  Delimiter delimiter = Delimiter::newline;  ///< newline, -N, -0
  std::optional<std::string> select{};       ///< A JSON pointer; only its value is shown.
  bool colour = false;                       ///< Settled before: --color, terminal, NO_COLOR.
  bool terminal = false;                     ///< stdout is a terminal: escape control characters.
  int width = 80;                            ///< Columns of the terminal.
};

/// Shows messages, one after another.
class Printer {
 public:
  virtual ~Printer() = default;

  /// Appends what is shown for the message to `out`, with its delimiter. False when the message has
  /// nothing to show (--select without that value); then nothing was appended.
  virtual bool print(const payload::Decoded& decoded, std::string& out) = 0;
};

/// Throws UsageError for a format or pointer that cannot be understood.
std::unique_ptr<Printer> make_printer(const PrinterOptions& options);

/// Appends what ends a message: a newline, nothing (-N) or a NUL (-0).
inline void append_delimiter(std::string& out, PrinterOptions::Delimiter delimiter) {
  if (delimiter == PrinterOptions::Delimiter::newline) {
    out += '\n';
  } else if (delimiter == PrinterOptions::Delimiter::null) {
    out += '\0';
  }
}

}  // namespace mqtt_tools::output
