// SPDX-License-Identifier: MIT
#pragma once

#include "cli/settings.hpp"
#include "payload/envelope.hpp"

namespace mqtt_tools::cli {

/// How a text becomes a payload. Throws UsageError for options that contradict each other.
payload::EnvelopeOptions read_envelope(const Settings& settings);

}  // namespace mqtt_tools::cli
