// SPDX-License-Identifier: MIT
#pragma once

#include "payload/expectation.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// Reads what `option` was given. Throws UsageError, which names the option, for what is not JSON.
std::vector<payload::Expectation> read_expectations(std::string_view option,
                                                    const std::vector<std::string>& json);

}  // namespace mqtt_tools::cli
