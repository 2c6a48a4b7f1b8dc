// SPDX-License-Identifier: MIT
#include "cli/declarations.hpp"

#include "text.hpp"

#include <numeric>

namespace mqtt_tools::cli {

std::string spelling(const Option& option) {
  return (option.key.size() == 1 ? "-" : "--") + std::string{option.key};
}

std::vector<std::string_view> names(const Option& option) { return split(option.names, ","); }

std::vector<std::string_view> shown_names(const Option& option) {
  std::vector<std::string_view> shown = names(option);
  const auto first_long = std::ranges::find(shown, "--" + std::string{option.key});
  shown.erase(first_long == shown.end() ? first_long : first_long + 1, shown.end());
  return shown;
}

Option& Declarations::add(std::string_view names, Option::Takes takes, std::string_view value,
                          std::string_view help) {
  if (options_.empty()) options_.reserve(128);
  Option& option = options_.emplace_back();
  option.group = group_;
  option.names = names;
  const std::size_t long_name = names.find("--");
  option.key = long_name == std::string_view::npos
                   ? names.substr(1)
                   : names.substr(long_name + 2, names.find(',', long_name) - long_name - 2);
  option.decides = option.key;
  option.takes = takes;
  option.value = value;
  option.help = help;
  option.connection = connection_;
  option.file = connection_;
  return option;
}

std::vector<std::span<const Option>> Declarations::rows() const {
  std::vector<std::span<const Option>> all;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < options_.size(); ++at) {
    if (!options_[at].help.empty()) {
      all.push_back(std::span{options_}.subspan(begin, at + 1 - begin));
      begin = at + 1;
    }
  }
  return all;
}

const Option* Declarations::find(std::string_view wanted) const {
  const auto found = std::ranges::find(options_, wanted, &Option::key);
  return found == options_.end() ? nullptr : &*found;
}

const Option* Declarations::named(std::string_view wanted) const {
  for (const Option& option : options_) {
    if (std::ranges::count(names(option), wanted) > 0) return &option;
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
    if (const auto longer = std::ranges::find_if(own, begun); longer != own.end()) {
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
