// SPDX-License-Identifier: MIT
#include "cli/tool.hpp"

namespace mqtt_tools::cli {

const Option* Tool::find(std::string_view wanted) const {
  for (const OptionGroup& group : groups) {
    for (const Option& option : group.options) {
      if (key(option) == wanted) {
        return &option;
      }
    }
  }
  return nullptr;
}

const Option* Tool::named(std::string_view wanted) const {
  for (const OptionGroup& group : groups) {
    for (const Option& option : group.options) {
      for (const std::string_view own : names(option)) {
        if (own == wanted) {
          return &option;
        }
      }
    }
  }
  return nullptr;
}

}  // namespace mqtt_tools::cli
