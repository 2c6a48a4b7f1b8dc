// SPDX-License-Identifier: MIT
#include "cli/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace mqtt_tools::cli {

std::size_t distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t down = 1; down <= one.size(); ++down) {
    std::size_t diagonal = row[0];
    row[0] = down;
    for (std::size_t across = 1; across <= other.size(); ++across) {
      const std::size_t above = row[across];
      const std::size_t change = diagonal + (one[down - 1] == other[across - 1] ? 0 : 1);
      row[across] = std::min({change, above + 1, row[across - 1] + 1});
      diagonal = above;
    }
  }
  return row.back();
}

std::string nearest(const Tool& tool, std::string_view name) {
  std::string found;
  if (name.size() < 4 || name.size() > 40) {
    return found;  // Of short names everything is near, and no long one is.
  }
  std::size_t least = 3;
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
