// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// What the client should make of a broker's refusal.
enum class Remedy {
  try_version_3,  ///< The broker does not speak MQTT 5.
  try_again,      ///< Busy, unavailable, rate exceeded: like a broker that is not there.
  log_in,         ///< User name and password are missing, or not the right ones.
  give_up,        ///< Nothing else that time would change.
};

/// `message` and, in parentheses, what the broker said beside its code, if it said anything.
std::string with_text(std::string message, const std::string& text);

/// "0x81": a reason code as a number.
std::string hexadecimal(int code);

/// A reason code in words, as PUBACK, PUBREC, PUBCOMP and UNSUBACK have it (MQTT 5.0 §2.4).
std::string reason_message(int code);

/// A CONNACK return code (1 to 5, MQTT 3.1.1 §3.2.2.3) or reason code (0x80 and above, MQTT 5.0
/// §3.2.2.2) in words: "bad user name or password", …
std::string connack_message(int code);
Remedy connack_remedy(int code);

/// A DISCONNECT reason code of the broker (MQTT 5.0 §3.14.2.1) in words, and what the run becomes:
/// ok when it is worth reconnecting, else the exit code.
std::string disconnect_message(int code);
ExitCode disconnect_outcome(int code);

/// Whether such a DISCONNECT is about the broker (busy, shutting down …), whatever it was sent.
bool disconnect_is_about_broker(int code);

/// A SUBACK code (MQTT 5.0 §3.9.3; 0x80 under 3.1.1) in words.
std::string suback_message(int code);

/// What a server says in a close frame of WebSocket: a status code of two bytes and a reason, or
/// nothing (RFC 6455 §5.5.1).
std::string websocket_close_message(std::string_view said);

}  // namespace mqtt_tools::connection
