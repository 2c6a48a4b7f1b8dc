// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <string>

namespace mqtt_tools::output {

/// How long before `now` something happened, in words ("3 min ago"; "3 min ahead" when a clock is
/// wrong), rounded to one unit. Empty while the two are at most two seconds apart.
std::string age(Timestamp then, Timestamp now);

}  // namespace mqtt_tools::output
