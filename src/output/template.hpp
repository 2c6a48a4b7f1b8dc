// SPDX-License-Identifier: MIT
#pragma once

#include "output/field.hpp"
#include "payload/decode.hpp"
#include "timestamp.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mqtt_tools::output {

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
  /// `@X`: strftime's %X, but for nanoseconds.
  struct Conversion {
    char letter = 'N';
  };
  using Piece = std::variant<std::string, Field, Conversion>;

  friend class TemplateParser;

  static void append_conversion(std::string& out, Conversion conversion, const LocalTime& time);

  std::vector<Piece> pieces_{};
  bool needs_time_ = false;
};

}  // namespace mqtt_tools::output
