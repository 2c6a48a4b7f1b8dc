// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/packet_guard.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::connection::hooks {

/// What a PacketGuard has seen before the bytes in question.
struct Setting {
  int version = 5;
  std::string properties{};  ///< Of our CONNECT.
  int flags = 0;             ///< Of our CONNECT: 2 is a new session.
  bool accepted = true;      ///< A plain CONNACK came.
  std::string ours{};        ///< What we sent after it.
  PacketGuard::Limits limits{};
};

std::unique_ptr<PacketGuard> guard_after(const Setting& setting);

struct Outcome {
  std::size_t handed = 0;
  std::string words{};
  std::string rule{};
  int reason = 0;
  bool operator==(const Outcome&) const = default;
};

/// What becomes of `bytes` from the server. Checks that it is the same for each place at which they
/// may be cut in two, and for each byte alone.
Outcome outcome(const Setting& setting, std::string_view bytes);

/// Checks that all of `bytes` pass.
void takes(const Setting& setting, const std::string& bytes);

/// Checks that not all of the packet `bytes` pass.
void refuses(const Setting& setting, const std::string& bytes, int reason, const std::string& rule,
             const std::string& words);

std::string raw(const std::vector<int>& bytes);
std::string packet(int first, const std::string& body = "");
std::string connect(const Setting& setting);
std::string connack(int version);

/// A PUBLISH of MQTT 5; flags stand in `first`, and `id` counts when they name a QoS.
std::string publish(int first, const std::string& topic, int id, const std::string& properties,
                    const std::string& payload = "payload");
std::string publish_3(int first, const std::string& topic, int id,
                      const std::string& payload = "payload");

/// A packet that begins with an id and may have no more than that.
std::string with_id(int first, int id, const std::string& rest = "");

/// SUBSCRIBE (0x82) or UNSUBSCRIBE (0xA2).
std::string subscribe(int version, int id, std::size_t filters, int first = 0x82);

std::string reason_string(const std::string& text = "why");
std::string user_property();

}  // namespace mqtt_tools::connection::hooks
