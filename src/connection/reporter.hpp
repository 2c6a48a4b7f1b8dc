// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/mailbox.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace mqtt_tools::connection {

/// Posts what happens to one session, under the number of its connection. The Session owns it; the
/// Paho's threads (and the courier's) report. Nothing but connected() can throw.
class Reporter {
 public:
  /// Both must outlive it. What `record` saw tells why there is no connection any more.
  Reporter(Mailbox& mailbox, std::uint64_t connection, const hooks::ConnectionRecord& record)
      : mailbox_(mailbox), connection_(connection), record_(record) {}

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
  const std::uint64_t connection_;
  const hooks::ConnectionRecord& record_;
  std::atomic<bool> pending_{true};  ///< Paho has not ended the connect() yet.
};

}  // namespace mqtt_tools::connection
