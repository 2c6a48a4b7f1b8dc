// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mqtt_tools::output {

/// One `%` of a format (-F): which part of a message, and how wide.
struct Field {
  char letter = 'p';                       ///< mosquitto_sub's for the part: see append_field().
  bool left = false;                       ///< The `-` flag: blanks after, not before.
  bool zeros = false;                      ///< The `0` flag: zeros before, not blanks.
  std::size_t width = 0;                   ///< At least so many bytes; the payload: at most, too.
  std::optional<std::size_t> precision{};  ///< Text: at most so many bytes. Hex: digits in a group.
  char separator = ' ';                    ///< Between groups of hex digits.
};

/// `@X` of a format: strftime's %X, but for nanoseconds.
struct Conversion {
  char letter = 'N';
};

using TemplatePiece = std::variant<std::string, Field, Conversion>;

/// The format of -F, as mosquitto_sub has it: text with `%` fields of the message, `@` conversions
/// of its time and `\` escapes. Parsed once.
class Template {
 public:
  /// Throws UsageError that names the position of what is not understood.
  explicit Template(std::string_view format);

  /// Appends the format with the message filled in. What comes from the message is escaped on a
  /// terminal; the text of the format is the user's own and stays.
  void render(std::string& out, const payload::Decoded& decoded, bool terminal) const;

 private:
  std::vector<TemplatePiece> pieces_;
  bool needs_time_;  ///< Whether a piece is made from the time of the message.
};

}  // namespace mqtt_tools::output
