// SPDX-License-Identifier: MIT
#pragma once

#include "connection/mailbox.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// Sets Paho up for this process; with `debug` its packets are told to `mailbox`, which must live
/// as long as the process.
void set_up_paho(bool debug, Mailbox& mailbox);

/// What a line of Paho's trace says of a packet that no call or callback of ours shows (PINGREQ,
/// PINGRESP, PUBREC, PUBREL, PUBCOMP, PUBACK): its type and identifier. Nothing for all others, and
/// never a byte of a payload.
std::optional<std::string> packet_in_words(std::string_view trace);

}  // namespace mqtt_tools::connection
