// SPDX-License-Identifier: MIT
#pragma once

#include "text.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// What a piece of text is; its colour follows.
enum class Style { plain, dim, notice, key, string, number, word };

/// Writes text for people: never a control character, and in colour only if so asked. All colours
/// can be read on dark and on light backgrounds.
class Styler {
 public:
  explicit Styler(bool colour) : colour_(colour) {}

  /// Appends `text`, escaped, in the colour of `style`.
  void append(std::string& out, Style style, std::string_view text,
              Lines lines = Lines::escape) const;

  /// Appends a topic, escaped, in the colour that it has in every run.
  void append_topic(std::string& out, std::string_view topic) const;

 private:
  bool colour_;
};

/// Appends JSON (valid) for people: token by token, in colour, numbers exactly as written. All on
/// one line: `{"a": 1, "b": [2, 3]}`. With a `margin` one member or element a line, two blanks more
/// each level, the margin before each line; no newline at the end.
void append_json(std::string& out, std::string_view json, const Styler& styler,
                 std::optional<std::string_view> margin = std::nullopt);

/// Appends text that others wrote: escaped on a terminal, byte for byte elsewhere.
inline void append_untrusted(std::string& out, std::string_view text, bool terminal,
                             Lines lines = Lines::escape) {
  if (terminal) {
    append_escaped(out, text, lines);
  } else {
    out += text;
  }
}

}  // namespace mqtt_tools::output
