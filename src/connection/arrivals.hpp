// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/reporter.hpp"
#include "connection/shared.hpp"

#include <cstdint>

namespace mqtt_tools::connection {

/// The messages that arrive at one session: puts them into the ring. The Session owns it, and it
/// must outlive Paho's client. Paho's receiving thread calls it, and waits in it while the ring is
/// full; nothing is thrown back at Paho. What must not be acknowledged never returns to it.
class Arrivals {
 public:
  enum class Properties { read, none };

  /// `properties`: whether messages have any (MQTT 5). The others must outlive it. Once `record` is
  /// given up messages are dropped; Ring::wake() ends a wait for room then.
  Arrivals(Shared& shared, Reporter& reporter, Properties properties,
           hooks::ConnectionRecord& record)
      : shared_(shared), reporter_(reporter), properties_(properties), record_(record) {}
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  /// A message that Paho does not hand over: see PacketGuard::Unreleased. Paho's receiving thread.
  void put_released(std::uint16_t id, hooks::PacketGuard::Unreleased message) noexcept;

  /// Takes all messages of Paho's client `handle` (an MQTTAsync) from now on.
  void await(void* handle);

 private:
  struct Callback;

  Shared& shared_;
  Reporter& reporter_;
  const Properties properties_;
  hooks::ConnectionRecord& record_;
};

}  // namespace mqtt_tools::connection
