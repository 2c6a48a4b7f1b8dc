// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace mqtt_tools::output {

/// How many columns a terminal gives to `text` (no control characters in it): two for East Asian
/// wide characters and emoji, none for combining marks.
std::size_t columns(std::string_view text);

}  // namespace mqtt_tools::output
