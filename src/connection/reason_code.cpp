// SPDX-License-Identifier: MIT
#include "connection/reason_code.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mqtt_tools::connection {

namespace {

struct Reason {
  int code;
  const char* text;
  Remedy of_connack = Remedy::give_up;
  ExitCode of_disconnect = ExitCode::ok;
};

constexpr auto denied = ExitCode::denied;  // What we published or subscribe to would be so again.
constexpr auto lost = ExitCode::lost;  // Somebody wants us gone, and coming back would be a fight.

/// MQTT 5.0 §2.4: a code means the same in whatever packet it stands. From 1000 on those of a
/// WebSocket (RFC 6455 §7.4.1, and what IANA has added).
constexpr std::array reason_codes{
    Reason{0x00, "success"},
    Reason{0x04, "disconnect with the will message"},
    Reason{0x10, "no matching subscribers"},
    Reason{0x11, "no subscription existed"},
    Reason{0x80, "unspecified error"},
    Reason{0x81, "malformed packet"},
    Reason{0x82, "protocol error"},
    Reason{0x83, "implementation specific error"},
    Reason{0x84, "unsupported protocol version", Remedy::try_version_3},
    Reason{0x85, "client identifier not valid"},
    Reason{0x86, "bad user name or password", Remedy::log_in},
    Reason{0x87, "not authorized", Remedy::log_in, denied},
    Reason{0x88, "broker unavailable", Remedy::try_again},
    Reason{0x89, "broker busy", Remedy::try_again},
    Reason{0x8A, "banned"},
    Reason{0x8B, "broker shutting down"},
    Reason{0x8C, "bad authentication method"},
    Reason{0x8D, "keep-alive timeout"},
    Reason{0x8E, "session taken over by another client with the same client id", Remedy::give_up,
           lost},
    Reason{0x8F, "topic filter invalid", Remedy::give_up, denied},
    Reason{0x90, "topic name invalid", Remedy::give_up, denied},
    Reason{0x91, "packet identifier in use"},
    Reason{0x92, "packet identifier not found"},
    Reason{0x93, "receive maximum exceeded"},
    Reason{0x94, "topic alias invalid", Remedy::give_up, denied},
    Reason{0x95, "packet too large", Remedy::give_up, denied},
    Reason{0x96, "message rate too high"},
    Reason{0x97, "quota exceeded", Remedy::give_up, denied},
    Reason{0x98, "administrative action", Remedy::give_up, lost},
    Reason{0x99, "payload format invalid", Remedy::give_up, denied},
    Reason{0x9A, "retain not supported", Remedy::give_up, denied},
    Reason{0x9B, "QoS not supported", Remedy::give_up, denied},
    Reason{0x9C, "use another server", Remedy::give_up, lost},
    Reason{0x9D, "server moved", Remedy::give_up, lost},
    Reason{0x9E, "shared subscriptions not supported", Remedy::give_up, denied},
    Reason{0x9F, "connection rate exceeded", Remedy::try_again},
    Reason{0xA0, "maximum connect time"},
    Reason{0xA1, "subscription identifiers not supported", Remedy::give_up, denied},
    Reason{0xA2, "wildcard subscriptions not supported", Remedy::give_up, denied},
    Reason{1000, "normal closure"},
    Reason{1001, "going away"},
    Reason{1002, "protocol error"},
    Reason{1003, "unsupported data"},
    Reason{1007, "invalid payload data"},
    Reason{1008, "policy violation"},
    Reason{1009, "message too big"},
    Reason{1010, "an extension is missing"},
    Reason{1011, "internal error"},
    Reason{1012, "service restart"},
    Reason{1013, "try again later"},
    Reason{1014, "bad gateway"},
};

/// The reason code that means the same as the return code 1 to 5 of MQTT 3.1.1 (§3.2.2.3).
constexpr std::array since_3{0x84, 0x85, 0x88, 0x86, 0x87};

/// One without a text for a code that is not known.
Reason find(int code) {
  for (const auto& reason : reason_codes) {
    if (reason.code == code) return reason;
  }
  return {code, ""};
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
  const std::string text = find(code).text;
  return text.empty() ? "unknown reason code " + hexadecimal(code) : text;
}

std::string connack_message(int code) { return reason_message(reason_code(code)); }
Remedy connack_remedy(int code) { return find(reason_code(code)).of_connack; }

std::string disconnect_message(int code) {
  return code == 0 ? "normal disconnection" : reason_message(code);
}
ExitCode disconnect_outcome(int code) { return find(code).of_disconnect; }

bool disconnect_is_about_broker(int code) {
  constexpr std::array codes{0x88, 0x89, 0x8B, 0x8D, 0x98, 0x9C, 0x9D, 0x9F, 0xA0};
  return std::ranges::count(codes, code) > 0;
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
  const std::string text = code >= 1000 ? find(code).text : "";
  if (!text.empty()) message += " " + text;
  if (said.size() > 2) message.append(", \"").append(said.substr(2)).append("\"");
  return message;
}

}  // namespace mqtt_tools::connection
