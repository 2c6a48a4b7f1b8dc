// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"

#include <string>

namespace mqtt_tools::output {

/// What is unusual about a message, with commas between: a QoS other than 1, retained, a large
/// payload, a binary encoding, MQTT 5 properties. What others wrote is not escaped.
std::string notes_on(const payload::Decoded& decoded);

}  // namespace mqtt_tools::output
