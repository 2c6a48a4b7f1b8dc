// SPDX-License-Identifier: MIT
#pragma once

#include "cli/tool.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::cli {

/// The option of `tool` that `name` ("--pasword") may have been meant to be; empty if none is near.
std::string nearest(const Tool& tool, std::string_view name);

/// How many letters must be changed, added, taken away or swapped with their neighbour to make one
/// word of the other.
std::size_t distance(std::string_view one, std::string_view other);

}  // namespace mqtt_tools::cli
