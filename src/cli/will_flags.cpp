// SPDX-License-Identifier: MIT
#include "cli/will_flags.hpp"

#include "cli/connection_flags.hpp"
#include "error.hpp"
#include "topic.hpp"

namespace mqtt_tools::cli {

Qos read_qos(const Setting& setting) { return static_cast<Qos>(whole_number(setting, 0, 2)); }

void read_will(const Settings& settings, connection::Options& options) {
  const Setting* topic = settings.find("will-topic");
  if (topic == nullptr) {
    for (const std::string_view key : {"will-payload", "will-qos", "will-retain", "will-delay"}) {
      if (settings.find(key) != nullptr) {
        throw UsageError(named(*settings.find(key)) + " needs --will-topic");
      }
    }
    return;
  }

  connection::Will will;
  will.message.topic = topic->value();
  try {
    check_topic(will.message.topic);
  } catch (const UsageError& error) {
    throw UsageError(named(*topic) + ": " + error.what());
  }
  will.message.payload = settings.text("will-payload").value_or("");
  if (will.message.payload.size() > 65'535) {  // MQTT 5.0 §3.1.3.4: binary data.
    throw UsageError(named(*settings.find("will-payload")) + " must be at most 65535 bytes");
  }
  if (const Setting* qos = settings.find("will-qos")) {
    will.message.qos = read_qos(*qos);
  }
  will.message.retained = settings.on("will-retain");
  if (const Setting* delay = settings.find("will-delay")) {
    will.delay = static_cast<std::uint32_t>(whole_number(*delay, 0, 0x7FFF'FFFF));
    need_version_5(options, *delay);
  }
  options.will = std::move(will);
}

}  // namespace mqtt_tools::cli
