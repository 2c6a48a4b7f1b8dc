// SPDX-License-Identifier: MIT
#include "cli/declarations.hpp"

#include <algorithm>
#include <numeric>

namespace mqtt_tools::cli {

std::string_view key(const Option& option) {
  // It is asked for thousands of times before a message is on its way.
  std::string_view rest = option.names;
  while (rest[1] != '-') {
    if (rest.size() == 2) {
      return option.names.substr(1);
    }
    rest.remove_prefix(3);  // "-p,"
  }
  rest.remove_prefix(2);
  return rest.substr(0, rest.find(','));
}

std::string spelling(const Option& option) {
  const std::string_view word = key(option);
  return (word.size() == 1 ? "-" : "--") + std::string{word};
}

std::string_view decided_by(const Option& option) {
  return option.decides.empty() ? key(option) : option.decides;
}

std::vector<std::string_view> names(const Option& option) {
  std::vector<std::string_view> found;
  std::string_view rest = option.names;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    found.push_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return found;
}

Option& Declarations::add(std::string_view names, Option::Takes takes, std::string_view value,
                          std::string_view help) {
  if (options_.empty()) {
    options_.reserve(128);
  }
  Option& option = options_.emplace_back();
  option.group = group_;
  option.names = names;
  option.takes = takes;
  option.value = value;
  option.help = help;
  option.connection = connection_;
  option.file = connection_;
  return option;
}

const Option* Declarations::find(std::string_view wanted) const {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [wanted](const Option& option) { return key(option) == wanted; });
  return found == options_.end() ? nullptr : &*found;
}

const Option* Declarations::named(std::string_view wanted) const {
  for (const Option& option : options_) {
    const std::vector<std::string_view> own = names(option);
    if (std::find(own.begin(), own.end(), wanted) != own.end()) {
      return &option;
    }
  }
  return nullptr;
}

std::string Declarations::nearest(std::string_view wanted) const {
  std::string found;
  if (wanted.size() < 4 || wanted.size() > 40) {
    return found;  // Of short names everything is near, and no long one is.
  }
  const auto begun = [wanted](std::string_view own) { return own.starts_with(wanted); };
  for (const Option& option : options_) {
    const std::vector<std::string_view> own = names(option);
    if (const auto longer = std::find_if(own.begin(), own.end(), begun); longer != own.end()) {
      return std::string{*longer};  // Other programs take names cut short.
    }
  }
  std::size_t least = wanted.size() < 9 ? 2 : 3;
  for (const Option& option : options_) {
    for (const std::string_view own : names(option)) {
      const std::size_t apart = distance(own, wanted);
      if (own.size() > 2 && apart < least) {
        least = apart;
        found = own;
      }
    }
  }
  return found;
}

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

}  // namespace mqtt_tools::cli
