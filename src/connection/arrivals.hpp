// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/reporter.hpp"
#include "connection/shared.hpp"

#include <memory>
#include <utility>

namespace mqtt_tools::connection {

/// The messages that arrive at one session: puts them into the ring. The Session owns it, and it
/// must outlive Paho's client. Paho's receiving thread calls it, and waits in it while the ring is
/// full; nothing is thrown back at Paho.
class Arrivals {
 public:
  enum class Properties { read, none };

  /// `properties`: whether messages have any (MQTT 5). The other two must outlive it.
  Arrivals(Shared& shared, Reporter& reporter, Properties properties)
      : shared_(shared), reporter_(reporter), properties_(properties) {}
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  /// What comes from now on comes over the connection of `record`.
  void from(std::shared_ptr<const hooks::ConnectionRecord> record) { record_ = std::move(record); }

  /// A message that Paho does not hand over: see PacketGuard::Unreleased. Paho's receiving thread.
  void put_released(std::uint16_t id, hooks::PacketGuard::Unreleased message) noexcept;

  /// Takes all messages of Paho's client `handle` (an MQTTAsync) from now on.
  void await(void* handle);

 private:
  struct Callback;

  Shared& shared_;
  Reporter& reporter_;
  std::shared_ptr<const hooks::ConnectionRecord> record_{};
  const Properties properties_;
};

}  // namespace mqtt_tools::connection
