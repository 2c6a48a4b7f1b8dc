// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>

namespace mqtt_tools::support {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__)
inline constexpr int slowness = 4;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr int slowness = 4;
#else
inline constexpr int slowness = 1;
#endif
#else
inline constexpr int slowness = 1;
#endif

/// For what must come and whose time is not the point of the test.
inline constexpr milliseconds patience = slowness * milliseconds{15'000};

/// Whether the programs have their event-driven socket layer: built in, and not switched off by the
/// environment of the tests.
bool fast_io();

/// What a promised duration is under the sanitizers, and while more runs than there are processors:
/// up to three times as long. On a machine of our own it is what was promised. Without fast_io() a
/// second and more is added: Paho sleeps that long on its way to a connection.
milliseconds within(milliseconds promised);

/// Asks until `predicate` holds; false when it still does not after `limit`. Only for what tells
/// nobody when it changes: /proc and files.
bool eventually(milliseconds limit, const std::function<bool()>& predicate);

}  // namespace mqtt_tools::support
