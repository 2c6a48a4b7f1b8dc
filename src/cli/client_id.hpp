// SPDX-License-Identifier: MIT
#pragma once

#include "cli/setting.hpp"
#include "cli/world.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::cli {

/// An id that no other process has: the prefix and 16 of [0-9a-z], so that with a prefix of up to
/// seven every broker must take it (MQTT 5.0 §3.1.3.1).
std::string unique_client_id(std::string_view prefix, const World& world);

/// Throws UsageError for an id that is not a text of MQTT, or empty.
void check_client_id(const Setting& setting);

}  // namespace mqtt_tools::cli
