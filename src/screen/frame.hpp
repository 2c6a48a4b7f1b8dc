// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// What one picture of the screen consists of, whoever shows it.

namespace mqtt_tools::screen {

/// How a line is shown; no colours, which some background would swallow. Bits.
enum Attribute : unsigned { plain = 0, bold = 1, dim = 2, reverse = 4, underline = 8 };

/// UTF-8 in which nothing acts on a terminal.
struct Line {
  std::string text{};
  unsigned attributes = plain;
};

struct Size {
  int columns = 80;
  int rows = 24;

  bool operator==(const Size&) const = default;
};

/// From the top, never more lines than the screen has, none wider than it.
using Frame = std::vector<Line>;

enum class Cut { end, front };  ///< Where text that is too wide loses what is too much.

/// `text` escaped in exactly so many columns: cut with a `…`, or filled up with blanks. Characters
/// that only join or vary others are left out, as terminals disagree about their width.
std::string fit(std::string_view text, std::size_t columns, Cut cut = Cut::end);

/// The same, filled up on the left.
std::string fit_right(std::string_view text, std::size_t columns);

/// Four to six columns: "0", "0.25", "12.3", "1234", "123k", "1.2M".
std::string short_number(double value);

/// "now", "5s", "12m", "3h", "40d".
std::string short_age(std::chrono::duration<double> age);

/// Values as blocks, one column each, from the least to the greatest of them; those that are no
/// number stay blank. `rows` lines high; the first line is the top.
std::vector<std::string> bars(const std::vector<double>& values, std::size_t rows);

}  // namespace mqtt_tools::screen
