// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools {

/// A point in calendar time, for people and records.
using Timestamp = std::chrono::system_clock::time_point;

/// The clock of waits and deadlines; it never jumps.
using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;

/// RFC 3339 in UTC with `digits` (0 to 9) decimals of the second: "2026-11-23T18:15:00.123456Z".
std::string to_rfc3339(Timestamp time, int digits);

/// Reads RFC 3339 with any offset and up to nine decimals; nothing if `text` is not that.
std::optional<Timestamp> from_rfc3339(std::string_view text);

}  // namespace mqtt_tools
