// SPDX-License-Identifier: MIT

#include "connection/teller.hpp"

#include "text.hpp"

#include <chrono>
#include <cstdio>

namespace mqtt_tools::connection {

void Teller::say(Notice::Level level, const std::string& text) { sink_({level, escaped(text)}); }

void Teller::debug(const std::string& text) {
  if (options_.debug) say(Notice::Level::debug, text);
}

void Teller::connected(const std::string& broker, Version version) {
  say(Notice::Level::verbose, "connected to " + broker + ", MQTT " + version_name(version));
}

void Teller::back(const std::string& broker, Duration away) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(away).count());
  warn("connection to " + broker + " is back after " + text);
}

void Teller::published(std::uint64_t id, const Message& message) {
  if (!options_.tell_messages) return;
  say(Notice::Level::verbose, "published " + std::to_string(message.payload.size()) + " bytes to " +
                                  message.topic + " (message " + std::to_string(id) + ", QoS " +
                                  std::to_string(static_cast<int>(message.qos)) + ")");
}

void Teller::completed(const std::vector<Delivery>& deliveries) {
  if (!options_.tell_messages) return;
  const auto now = Clock::now();
  for (const auto& delivery : deliveries) {
    const auto took = std::chrono::duration<double, std::milli>(now - delivery.since).count();
    char text[64];
    std::snprintf(text, sizeof text, " after %.1f ms", took);
    const bool taken = delivery.outcome == Delivery::Outcome::acknowledged;
    say(Notice::Level::verbose,
        "message " + std::to_string(delivery.id) + (taken ? " acknowledged" : " denied") + text);
  }
}

}  // namespace mqtt_tools::connection
