// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "payload/json_text.hpp"

namespace mqtt_tools::payload {

/// The properties that stand in a record. Throws UsageError for those that no message can have or
/// no broker takes.
Properties read_properties(const JsonToken& object);

}  // namespace mqtt_tools::payload
