// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::support {

/// What the bytes that the client got allow it to believe. It stops at the first thing that MQTT or
/// RFC 6455 does not allow: from there on nothing counts.
struct Delivered {
  bool accepted = false;
  bool granted = false;
  bool unsubscribed = false;
  std::set<int> acknowledged{};         ///< Messages, with success.
  std::vector<std::string> payloads{};  ///< In hex.
};

/// Of MQTT 5 or 3.1.1 (level 4); `subscription` is the packet identifier of the SUBSCRIBE.
Delivered read_delivered(const std::string& bytes, int level, int subscription);

/// The MQTT in frames of a server, as far as they are legal.
std::string without_frames(const std::string& bytes);

std::string in_hex(std::string_view bytes);

}  // namespace mqtt_tools::support
