// SPDX-License-Identifier: MIT
#pragma once

#include "cli/wait.hpp"
#include "connection/client.hpp"
#include "timestamp.hpp"

#include <functional>

namespace mqtt_tools::cli {

/// What ends a run may take: a signal must end it within a second.
constexpr auto farewell_limit = std::chrono::milliseconds{800};

/// Keeps `client` going until `done`, it fails, or `deadline`. `each_turn` is called after each
/// step.
void keep_going(connection::Client& client, Wait& wait, Clock::time_point deadline,
                const std::function<bool()>& done, const std::function<void()>& each_turn);

/// Takes leave of the broker: DISCONNECT and close, within `deadline`.
void take_leave(connection::Client& client, Wait& wait, Clock::time_point deadline);

}  // namespace mqtt_tools::cli
