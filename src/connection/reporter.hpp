// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/mailbox.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace mqtt_tools::connection {

/// Posts what happens to one session, under the number of its connection. The Session owns it; the
/// app's thread begins, Paho's threads (and the courier's) report. Nothing but begin() and
/// connected() can throw.
class Reporter {
 public:
  explicit Reporter(Mailbox& mailbox) : mailbox_(mailbox) {}

  /// From now on events carry the number `connection`, and what `record` saw tells why there is no
  /// connection any more. Before the connect() that it belongs to.
  void begin(std::uint64_t connection, std::shared_ptr<hooks::ConnectionRecord> record);

  /// A connect() is under way that Paho has not ended yet.
  bool pending() const { return pending_; }

  /// Paho has ended the connect(). True the first time.
  bool settle() noexcept { return pending_.exchange(false); }

  void post(Event::Kind kind, int code = 0, std::string text = {}, std::size_t index = 0) noexcept;

  /// CONNACK accepted us.
  void connected(Limits limits);

  /// There is no connection: `code` is Paho's, `reason` the broker's, if it gave one.
  void not_connected(int code, int reason) noexcept;

 private:
  void tell_violation(Event& event) const noexcept;

  Mailbox& mailbox_;
  std::shared_ptr<hooks::ConnectionRecord> record_{};
  std::atomic<std::uint64_t> connection_{0};
  std::atomic<bool> pending_{false};
};

}  // namespace mqtt_tools::connection
