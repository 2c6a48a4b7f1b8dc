// SPDX-License-Identifier: MIT

#include "connection/log.hpp"

#include "text.hpp"

#include <chrono>

namespace mqtt_tools::connection {

namespace {

/// The app counts its messages from 1; presence is 0 (run/publisher).
std::string name_of(std::uint64_t id) {
  return id == 0 ? "presence" : "message " + std::to_string(id);
}

}  // namespace

void Log::say(LogLine::Level level, const std::string& text) { sink_({level, escaped(text)}); }

void Log::debug(const std::string& text) {
  if (options_.debug) say(LogLine::Level::debug, text);
}

void Log::connected(const std::string& broker, Version version, const std::string& said) {
  version_ = version;
  say(LogLine::Level::verbose, "connected to " + broker + ", MQTT " + version_name(version) +
                                   (said.empty() ? "" : "; it says: " + said));
}

void Log::back(const std::string& broker, Duration away) {
  warn("connection to " + broker + " is back after " +
       formatted("%.1f s", std::chrono::duration<double>(away).count()));
}

void Log::published(std::uint64_t id, const Message& message) {
  const bool more = !message.properties.user.empty() || message.properties.expiry;
  if (more && version_ != Version::v5 && !std::exchange(told_of_properties_, true)) {
    warn("MQTT " + version_name(version_) +
         " has no user properties and no message expiry: messages go without theirs");
  }
  if (!options_.tell_messages) return;
  say(LogLine::Level::verbose, "published " + counted(message.payload.size(), "byte") + " to " +
                                   message.topic + " (" + name_of(id) + ", QoS " +
                                   std::to_string(static_cast<int>(message.qos)) + ")");
}

void Log::completed(const std::vector<Delivery>& deliveries) {
  if (!options_.tell_messages) return;
  const auto now = Clock::now();
  for (const auto& delivery : deliveries) {
    const auto took = std::chrono::duration<double, std::milli>(now - delivery.since).count();
    const char* outcome = delivery.outcome == Delivery::Outcome::written        ? " written"
                          : delivery.outcome == Delivery::Outcome::acknowledged ? " acknowledged"
                                                                                : " denied";
    say(LogLine::Level::verbose, name_of(delivery.id) + outcome +
                                     formatted(" after %.1f ms", took) +
                                     (delivery.words.empty() ? "" : ": " + delivery.words));
  }
}

}  // namespace mqtt_tools::connection
