// SPDX-License-Identifier: MIT
#pragma once

#include "connection/notice.hpp"
#include "connection/options.hpp"
#include "connection/paho/delivery.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::connection {

/// Puts what happens to a connection into words and tells them. A Client owns it; it tells from
/// within calls of the app only, and throws what the sink throws.
class Teller {
 public:
  /// `options` must outlive it.
  Teller(const Options& options, NoticeSink sink) : options_(options), sink_(std::move(sink)) {}

  /// Tells `text`, made safe for a terminal.
  void say(Notice::Level level, const std::string& text);
  void warn(const std::string& text) { say(Notice::Level::warning, text); }
  void debug(const std::string& text);

  void connected(const std::string& broker, Version version);
  void back(const std::string& broker, Duration away);

  // Each message, with Options::tell_messages only.
  void published(std::uint64_t id, const Message& message);
  void completed(const std::vector<Delivery>& deliveries);

 private:
  const Options& options_;
  NoticeSink sink_;
};

}  // namespace mqtt_tools::connection
