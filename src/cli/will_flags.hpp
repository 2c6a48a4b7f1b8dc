// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "connection/options.hpp"

namespace mqtt_tools::cli {

/// What the settings say about the will, but for its properties. Throws UsageError.
void read_will(const Settings& settings, connection::Options& options);

/// A quality of service, 0 to 2.
Qos read_qos(const Setting& setting);

}  // namespace mqtt_tools::cli
