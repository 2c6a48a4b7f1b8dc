// SPDX-License-Identifier: MIT
#pragma once

#include "text.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::output {

enum class ColourMode { automatic, always, never };  ///< --color

/// Whether to colour. `no_color` is the value of the environment variable NO_COLOR or null; as
/// no-color.org has it, an empty one does not count.
bool use_colour(ColourMode mode, bool terminal, const char* no_color);

/// What a piece of text is; its colour follows.
enum class Ink { plain, dim, topic, notice, key, string, number, word };

/// Writes text for people: never a control character, and in colour only if so asked.
class Brush {
 public:
  explicit Brush(bool colour) : colour_(colour) {}

  /// Appends `text`, escaped, in the colour of `ink`.
  void append(std::string& out, Ink ink, std::string_view text, Lines lines = Lines::escape) const;

 private:
  bool colour_;
};

}  // namespace mqtt_tools::output
