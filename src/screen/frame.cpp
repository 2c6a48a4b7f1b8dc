// SPDX-License-Identifier: MIT
#include "screen/frame.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace mqtt_tools::screen {

namespace {

constexpr std::string_view ellipsis = "…";
constexpr std::array<std::string_view, 9> blocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

/// Joiners, variation selectors and other characters of no width that change their neighbours.
bool joins(char32_t value) {
  return (value >= 0x200B && value <= 0x200D) || value == 0x2060 || value == 0xFEFF ||
         (value >= 0xFE00 && value <= 0xFE0F) || value == 0x00AD ||
         (value >= 0xE0000 && value <= 0xE01EF);
}

/// Escaped, without joiners, and no more of it than can be shown: a line of ten thousand accents
/// takes no column at all.
std::string shown_part(std::string_view text, std::size_t columns) {
  const std::size_t most = 16 * columns + 16;
  std::string part;
  std::size_t accents = 0;
  for (std::size_t at = 0; at < text.size() && part.size() < most;) {
    const CodePoint point = code_point_at(text, at);
    const std::string_view bytes = text.substr(at, point.length);
    at += point.length;
    if (point.valid && joins(point.value)) continue;
    // One cell of a terminal holds few of them.
    accents = mqtt_tools::columns(bytes) == 0 && point.value >= 0x300 ? accents + 1 : 0;
    if (accents <= 2) append_escaped(part, bytes);
  }
  return part;
}

/// The longest beginning of `text` that takes at most so many columns, in bytes.
std::size_t front_that_fits(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = code_point_at(text, at).length;
    used += mqtt_tools::columns(text.substr(at, length));
    if (used > columns) break;
    at += length;
  }
  return at;
}

/// Where the longest end of `text` begins that takes at most so many columns.
std::size_t end_that_fits(std::string_view text, std::size_t columns) {
  std::size_t width = mqtt_tools::columns(text);
  std::size_t at = 0;
  while (width > columns) {
    const std::size_t length = code_point_at(text, at).length;
    width -= mqtt_tools::columns(text.substr(at, length));
    at += length;
  }
  return at;
}

}  // namespace

std::string fit(std::string_view text, std::size_t columns, Cut cut) {
  // From the front only what can be seen is looked at; the end of a topic is never far.
  std::string part = shown_part(text, cut == Cut::end ? columns : std::max(columns, text.size()));
  std::size_t width = mqtt_tools::columns(part);
  if (width > columns) {
    if (columns == 0) return {};
    if (cut == Cut::end) {
      part.resize(front_that_fits(part, columns - 1));
      part += ellipsis;
    } else {
      part.replace(0, end_that_fits(part, columns - 1), ellipsis);
    }
    width = mqtt_tools::columns(part);
  }
  part.append(columns - width, ' ');
  return part;
}

std::string fit_right(std::string_view text, std::size_t columns) {
  const std::size_t width = mqtt_tools::columns(text);
  if (width >= columns) return fit(text, columns);
  return std::string(columns - width, ' ') + std::string(text);
}

std::string short_number(double value) {
  const double size = std::fabs(value);
  if (size < 0.005) return "0";
  if (size < 9.995) return formatted("%.2f", value);
  if (size < 99.95) return formatted("%.1f", value);
  if (size < 99'999.5) return formatted("%.0f", value);
  if (size < 999'500) return formatted("%.0fk", value / 1e3);
  if (size < 9'995'000) return formatted("%.1fM", value / 1e6);
  if (size < 999.5e6) return formatted("%.0fM", value / 1e6);
  return formatted("%.1e", value);
}

std::string short_age(std::chrono::duration<double> age) {
  const double seconds = std::max(age.count(), 0.0);
  if (seconds < 1) return "now";
  if (seconds < 100) return formatted("%.0fs", std::floor(seconds));
  if (seconds < 100 * 60) return formatted("%.0fm", std::floor(seconds / 60));
  if (seconds < 72 * 3600) return formatted("%.0fh", std::floor(seconds / 3600));
  return formatted("%.0fd", std::floor(seconds / 86'400));
}

std::vector<std::string> bars(const std::vector<double>& values, std::size_t rows) {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -least;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  // The least is shown too, as one eighth; a value that never changes stands half way up.
  const double steps = static_cast<double>(8 * rows - 1);
  const auto height = [&](double value) {
    if (!std::isfinite(value)) return std::size_t{0};
    // Halved, because two finite numbers may be further apart than any.
    const double range = greatest / 2 - least / 2;
    const double share = range > 0 ? (value / 2 - least / 2) / range : 0.5;
    return 1 + static_cast<std::size_t>(std::lround(share * steps));
  };
  std::vector<std::string> lines(rows);
  for (const double value : values) {
    const std::size_t filled = height(value);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t below = 8 * (rows - 1 - row);
      lines[row] += blocks.at(filled > below ? std::min<std::size_t>(filled - below, 8) : 0);
    }
  }
  return lines;
}

}  // namespace mqtt_tools::screen
