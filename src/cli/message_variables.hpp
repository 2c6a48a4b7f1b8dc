// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spawn.hpp"
#include "message.hpp"

#include <vector>

namespace mqtt_tools::cli {

/// What there is to know about `message`, but for its payload, as a command's environment.
std::vector<Variable> message_variables(const Message& message);

}  // namespace mqtt_tools::cli
