// SPDX-License-Identifier: MIT
#pragma once

#include "cli/setting.hpp"
#include "cli/world.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace mqtt_tools::cli {

/// An id that no other process has: the prefix and 16 of [0-9a-z], so that with a prefix of up to
/// seven every broker must take it (MQTT 5.0 §3.1.3.1).
std::string unique_client_id(std::string_view prefix, const World& world);

/// Throws UsageError for what cannot stand as a text in a CONNECT: more than `most` bytes, no
/// UTF-8, control characters, noncharacters (MQTT 5.0 §1.5.4). An empty text passes.
void check_text(const Setting& setting, std::size_t most = 65'535);

}  // namespace mqtt_tools::cli
