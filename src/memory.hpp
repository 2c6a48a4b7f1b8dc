// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace mqtt_tools {

/// How many copies of an arriving message Paho 1.3.12 and we have at one time: the packet, Paho's
/// copy of the payload, with QoS 2 one more that waits for PUBREL, and ours. What it takes to show
/// the message comes on top.
constexpr std::size_t copies_of_a_message = 4;

/// Whether there is memory for `copies` blocks of `size` bytes at this moment, as far as that can
/// be told: under a limit of the address space (ulimit -v) and where the kernel refuses what it
/// never could give. Ask before Paho reads a packet with this remaining length: where malloc gives
/// it nothing, it writes through a null pointer, or acknowledges a message that it has thrown away.
/// Any thread. Sizes below 1 MiB are taken for granted.
bool memory_for(std::size_t size, std::size_t copies) noexcept;

/// Why the run ends when there is not. `topic` may be empty, where it is not known; with QoS
/// 1 and 2 an acknowledgement was due, which will not be given.
std::string no_memory_message(const std::string& topic, std::size_t size, bool acknowledgement_due);

/// Does `work` on a thread of its own, for which nobody waits. Throws RunError (ExitCode::failure)
/// when there is no room for one more.
void start_thread(std::function<void()> work);

}  // namespace mqtt_tools
