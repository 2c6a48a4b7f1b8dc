// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include <string_view>

namespace mqtt_tools::payload {

/// A JSON value in memory; members keep their order and may repeat. The doorstep of this room: no
/// other header includes nlohmann's.
using Json = nlohmann::ordered_json;

/// `json`, for which is_json() holds, in memory. Integers of up to 64 bits are exact, other numbers
/// the nearest double (which may be infinite).
Json to_tree(std::string_view json);

}  // namespace mqtt_tools::payload
