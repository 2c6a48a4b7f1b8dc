// SPDX-License-Identifier: MIT
#pragma once

#include "cli/option.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::cli {

/// Stands for what is not shown.
constexpr std::string_view hidden = "*";

/// Whether a property of -D carries a secret.
bool secret_property(std::string_view name);

/// `value` as it may be shown: unchanged for an option without a secret; of a URL all but the
/// login and the query, of a header its name, of a password nothing. Never longer than `value`.
std::string masked(const Option& option, std::string_view value);

}  // namespace mqtt_tools::cli
