// SPDX-License-Identifier: MIT
#include "connection/reason_code.hpp"

#include <array>
#include <cstdio>

namespace mqtt_tools::connection {

namespace {

struct Words {
  int code;
  const char* text;
};

/// MQTT 5.0 §2.4: a code means the same in whatever packet it stands. From 1000 on those of a
/// WebSocket (RFC 6455 §7.4.1, and what IANA has added).
constexpr std::array reason_codes{
    Words{0x00, "success"},
    Words{0x04, "disconnect with the will message"},
    Words{0x10, "no matching subscribers"},
    Words{0x11, "no subscription existed"},
    Words{0x80, "unspecified error"},
    Words{0x81, "malformed packet"},
    Words{0x82, "protocol error"},
    Words{0x83, "implementation specific error"},
    Words{0x84, "unsupported protocol version"},
    Words{0x85, "client identifier not valid"},
    Words{0x86, "bad user name or password"},
    Words{0x87, "not authorized"},
    Words{0x88, "broker unavailable"},
    Words{0x89, "broker busy"},
    Words{0x8A, "banned"},
    Words{0x8B, "broker shutting down"},
    Words{0x8C, "bad authentication method"},
    Words{0x8D, "keep-alive timeout"},
    Words{0x8E, "session taken over by another client with the same client id"},
    Words{0x8F, "topic filter invalid"},
    Words{0x90, "topic name invalid"},
    Words{0x91, "packet identifier in use"},
    Words{0x92, "packet identifier not found"},
    Words{0x93, "receive maximum exceeded"},
    Words{0x94, "topic alias invalid"},
    Words{0x95, "packet too large"},
    Words{0x96, "message rate too high"},
    Words{0x97, "quota exceeded"},
    Words{0x98, "administrative action"},
    Words{0x99, "payload format invalid"},
    Words{0x9A, "retain not supported"},
    Words{0x9B, "QoS not supported"},
    Words{0x9C, "use another server"},
    Words{0x9D, "server moved"},
    Words{0x9E, "shared subscriptions not supported"},
    Words{0x9F, "connection rate exceeded"},
    Words{0xA0, "maximum connect time"},
    Words{0xA1, "subscription identifiers not supported"},
    Words{0xA2, "wildcard subscriptions not supported"},
    Words{1000, "normal closure"},
    Words{1001, "going away"},
    Words{1002, "protocol error"},
    Words{1003, "unsupported data"},
    Words{1007, "invalid payload data"},
    Words{1008, "policy violation"},
    Words{1009, "message too big"},
    Words{1010, "an extension is missing"},
    Words{1011, "internal error"},
    Words{1012, "service restart"},
    Words{1013, "try again later"},
    Words{1014, "bad gateway"},
};

/// The reason code that means the same as the return code 1 to 5 of MQTT 3.1.1 (§3.2.2.3).
constexpr std::array since_3{0x84, 0x85, 0x88, 0x86, 0x87};

/// Nothing for a code that is not known.
std::string words_of(int code) {
  for (const auto& words : reason_codes) {
    if (words.code == code) return words.text;
  }
  return {};
}

int reason_code(int connack) {
  return connack >= 1 && connack <= 5 ? since_3[static_cast<std::size_t>(connack) - 1] : connack;
}

}  // namespace

std::string with_text(std::string message, const std::string& text) {
  if (!text.empty()) message += " (" + text + ")";
  return message;
}

std::string hexadecimal(int code) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "0x%02X", static_cast<unsigned>(code));
  return number.data();
}

std::string reason_message(int code) {
  const auto words = words_of(code);
  return words.empty() ? "unknown reason code " + hexadecimal(code) : words;
}

std::string connack_message(int code) { return reason_message(reason_code(code)); }

Remedy connack_remedy(int code) {
  switch (reason_code(code)) {
    case 0x84:
      return Remedy::try_version_3;
    case 0x88:
    case 0x89:
    case 0x9F:
      return Remedy::try_again;
    case 0x86:
    case 0x87:
      return Remedy::log_in;
    default:
      return Remedy::give_up;
  }
}

std::string disconnect_message(int code) {
  return code == 0 ? "normal disconnection" : reason_message(code);
}

ExitCode disconnect_outcome(int code) {
  switch (code) {
    // What was published or subscribed to would be refused again.
    case 0x87:
    case 0x8F:
    case 0x90:
    case 0x94:
    case 0x95:
    case 0x97:
    case 0x99:
    case 0x9A:
    case 0x9B:
    case 0x9E:
    case 0xA1:
    case 0xA2:
      return ExitCode::denied;

    // Somebody wants us gone, and coming back would be a fight.
    case 0x8E:
    case 0x98:
    case 0x9C:
    case 0x9D:
      return ExitCode::lost;

    default:
      return ExitCode::ok;
  }
}

std::string suback_message(int code) {
  switch (code) {
    case 0:
    case 1:
    case 2:
      return "granted QoS " + std::to_string(code);
    case 0x80:  // 3.1.1 knows no other.
      return "refused without a reason";
    default:
      return reason_message(code);
  }
}

std::string websocket_close_message(std::string_view said) {
  std::string message = "the server closed the WebSocket";
  if (said.size() < 2) return message;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(said[at]); };
  const int code = byte(0) << 8 | byte(1);
  message += ": " + std::to_string(code);
  if (code >= 1000 && !words_of(code).empty()) message += " " + words_of(code);
  if (said.size() > 2) message.append(", \"").append(said.substr(2)).append("\"");
  return message;
}

}  // namespace mqtt_tools::connection
