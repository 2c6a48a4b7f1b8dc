// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "connection/paho/delivery.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::connection {

/// Something that happened to the connection, in one line for people. The app decides who sees it.
struct LogLine {
  enum class Level {
    warning,  ///< Always told, but for --quiet: lost, back, insecure.
    always,   ///< Told also with --quiet.
    verbose,  ///< Told with -v of mqtt-pub.
    debug,    ///< Told with --debug.
  };

  Level level = Level::warning;
  std::string text{};  ///< Terminal-safe, without a newline.
};

using LogSink = std::function<void(const LogLine&)>;

/// Puts what happens to a connection into words and tells them. A Client owns it; it tells from
/// within calls of the app only, and throws what the sink throws.
class Log {
 public:
  /// `options` must outlive it.
  Log(const Options& options, LogSink sink) : options_(options), sink_(std::move(sink)) {}

  /// Tells `text`, made safe for a terminal.
  void say(LogLine::Level level, const std::string& text);
  void warn(const std::string& text) { say(LogLine::Level::warning, text); }
  void debug(const std::string& text);

  /// `said`: the reason string of CONNACK.
  void connected(const std::string& broker, Version version, const std::string& said);
  void back(const std::string& broker, Duration away);

  // Each message, with Options::tell_messages only; once what a version before MQTT 5 leaves out.
  void published(std::uint64_t id, const Message& message);
  void completed(const std::vector<Delivery>& deliveries);

 private:
  const Options& options_;
  LogSink sink_;
  Version version_ = Version::v5;  ///< Of the connection.
  bool told_of_properties_ = false;
};

}  // namespace mqtt_tools::connection
