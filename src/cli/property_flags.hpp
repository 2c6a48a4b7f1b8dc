// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "connection/options.hpp"
#include "message.hpp"

namespace mqtt_tools::cli {

/// Puts each -D where it belongs in `options`, but for those of `publish`. Throws UsageError.
void read_properties(const Settings& settings, connection::Options& options);

/// What `-D publish` says about each message.
Properties read_publish_properties(const Settings& settings);

}  // namespace mqtt_tools::cli
