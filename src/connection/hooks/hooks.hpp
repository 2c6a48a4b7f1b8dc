// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

/// Functions of libc and OpenSSL that stand in front of Paho's calls (hooks.cpp). Five things go on
/// there: each packet from the server is checked before Paho sees it (packet_guard.hpp), frames of
/// WebSocket are put into a shape that Paho reads reliably (websocket.hpp), a slow line is kept
/// from being taken for a dead one (Socket::answer_ping()), what the server sent before it closed
/// is read (Socket::closed_unread()), and Paho's fixed waits are shortened (waits.hpp). The last is
/// left out by the CMake option MQTT_TOOLS_FAST_IO and switched off by MQTT_TOOLS_FAST_IO=0 in the
/// environment; the others are always in effect.
namespace mqtt_tools::connection::hooks {

class ConnectionRecord;

/// What the hooks did so far. Any thread.
struct Counters {
  std::atomic<std::uint64_t> waits_removed{0};   ///< Fixed sleeps of Paho that did not take place.
  std::atomic<std::uint64_t> polls_saved{0};     ///< Questions about a socket answered from memory.
  std::atomic<std::uint64_t> reads_saved{0};     ///< Reads answered from bytes read before.
  std::atomic<std::uint64_t> writes_blocked{0};  ///< Writes that the kernel did not take whole.
  std::atomic<std::uint64_t> senders_woken{0};   ///< What waited behind such a write went on.
  std::atomic<std::uint64_t> gatherings{0};      ///< Waits in which small input gathered.
};

extern Counters counters;

/// Whether Paho's calls go through hooks.cpp: it is linked into this program, and Paho is a shared
/// library. Where they do not, nothing checks what a broker sends, and nobody should connect.
bool in_effect();

/// Set by hooks.cpp before main() begins; what in_effect() asks.
extern bool (*find_paho)();

/// Before connect(2) of Paho's `descriptor`: makes a Unix-domain socket of it if the address of
/// `record` is one, else binds it as --bind says. An errno, or 0. In lookup.cpp.
int prepare_connect(int descriptor, const ConnectionRecord& record);

/// Whether `caller`, an address of code, lies in Paho's library. In hooks.cpp.
bool is_in_paho(const void* caller);

/// False with MQTT_TOOLS_FAST_IO=0 in the environment.
bool short_waits_wanted();

/// What has become of the shortened waits.
enum class ShortWaits : unsigned char {
  not_built,     ///< The build is one without them.
  switched_off,  ///< The user did not want them.
  impossible,    ///< Paho or a function that they need was not found: nothing is shortened.
  in_effect,
};

extern std::atomic<ShortWaits> short_waits;  ///< Set by hooks.cpp before in_effect() answers.

inline bool waits_shortened() {
  return short_waits.load(std::memory_order_relaxed) == ShortWaits::in_effect;
}

/// The same for --debug: "shortened", "not shortened: MQTT_TOOLS_FAST_IO=0".
const char* short_waits_message();

}  // namespace mqtt_tools::connection::hooks
