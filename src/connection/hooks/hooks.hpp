// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace mqtt_tools::connection {

/// What the event-driven socket layer under Paho (fast_io.cpp) did so far. All zero when it is not
/// linked (CMake option MQTT_TOOLS_FAST_IO) or switched off (MQTT_TOOLS_FAST_IO=0).
struct FastIo {
  std::atomic<bool> active{false};               ///< Paho's calls were found and are served.
  std::atomic<std::uint64_t> waits_removed{0};   ///< Fixed sleeps of Paho that did not take place.
  std::atomic<std::uint64_t> polls_saved{0};     ///< Questions about a socket answered from memory.
  std::atomic<std::uint64_t> reads_saved{0};     ///< Reads answered from bytes read before.
  std::atomic<std::uint64_t> writes_blocked{0};  ///< Writes that the kernel did not take whole.
  std::atomic<std::uint64_t> senders_woken{0};   ///< What waited behind such a write went on.
  std::atomic<std::uint64_t> gatherings{0};      ///< Waits in which small input gathered.
};

extern FastIo fast_io;

/// False with MQTT_TOOLS_FAST_IO=0 in the environment.
bool fast_io_wanted();

}  // namespace mqtt_tools::connection
