// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace mqtt_tools::payload {

/// How many bytes at the front of `text` stand for themselves in a JSON string: up to the first
/// quote, backslash or control character.
std::size_t plain_length(std::string_view text);

/// How many bytes the string at the front of `text` takes, with both quotes; all of `text` if its
/// end is missing.
std::size_t string_length(std::string_view text);

}  // namespace mqtt_tools::payload
