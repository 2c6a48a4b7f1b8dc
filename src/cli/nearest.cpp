// SPDX-License-Identifier: MIT
#include "cli/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace mqtt_tools::cli {

std::size_t distance(std::string_view one, std::string_view other) {
  using Row = std::vector<std::size_t>;
  Row before;
  Row above;
  Row row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t down = 1; down <= one.size(); ++down) {
    before = std::move(above);
    above = std::move(row);
    row.assign(other.size() + 1, down);
    for (std::size_t across = 1; across <= other.size(); ++across) {
      const bool same = one[down - 1] == other[across - 1];
      row[across] =
          std::min({above[across - 1] + (same ? 0 : 1), above[across] + 1, row[across - 1] + 1});
      if (down > 1 && across > 1 && one[down - 1] == other[across - 2] &&
          one[down - 2] == other[across - 1]) {
        row[across] = std::min(row[across], before[across - 2] + 1);
      }
    }
  }
  return row.back();
}

std::string nearest(const Tool& tool, std::string_view name) {
  std::string found;
  if (name.size() < 4 || name.size() > 40) {
    return found;  // Of short names everything is near, and no long one is.
  }
  std::size_t least = name.size() < 9 ? 2 : 3;
  for (const OptionGroup& group : tool.groups) {
    for (const Option& option : group.options) {
      for (const std::string_view own : names(option)) {
        const std::size_t apart = distance(own, name);
        if (own.size() > 2 && apart < least) {
          least = apart;
          found = own;
        }
      }
    }
  }
  return found;
}

}  // namespace mqtt_tools::cli
