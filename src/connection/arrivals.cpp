// SPDX-License-Identifier: MIT

#include "connection/arrivals.hpp"

#include "connection/memory.hpp"
#include "connection/paho.hpp"
#include "connection/paho_properties.hpp"
#include "large_pages.hpp"

#include <utility>

namespace mqtt_tools::connection {

namespace {

/// A message of this size is acknowledged once the app has shown it: until then, there may turn out
/// to be no memory for what that takes.
constexpr std::size_t large = std::size_t{1} << 20;

}  // namespace

struct Arrivals::Callback {
  static int on_message(void* context, char* topic, int topic_size,
                        MQTTAsync_message* message) noexcept {
    auto& self = *static_cast<Arrivals*>(context);
    try {
      receive(self, topic, topic_size, *message);
    } catch (...) {
      no_memory(self, topic, *message);
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
  }

  static hooks::PacketGuard::Unreleased unreleased(const char* topic, int topic_size,
                                                   const MQTTAsync_message& in) {
    hooks::PacketGuard::Unreleased kept;
    kept.topic = topic_size > 0 ? std::string(topic, static_cast<std::size_t>(topic_size)) : topic;
    const auto size = in.payloadlen > 0 ? static_cast<std::size_t>(in.payloadlen) : 0;
    kept.payload.assign(static_cast<const char*>(in.payload), size);
    kept.retained = in.retained != 0;
    return kept;
  }

  static void receive(Arrivals& self, const char* topic, int topic_size,
                      const MQTTAsync_message& in) {
    // Shown over an earlier connection, and acknowledged there by a PUBREC that may have been lost
    // (MQTT 5.0 §4.3.3). Paho hides the DUP flag of QoS 2, but without it the guard knows the id no
    // longer.
    const auto id = static_cast<std::uint16_t>(in.msgid);
    if (in.qos == 2 && self.record_.given_before(id)) return;
    auto& ring = self.shared_.ring;
    const auto& given_up = self.record_.given_up();
    const auto put = given_up ? Ring::Put::given_up : ring.claim(given_up);
    if (put == Ring::Put::given_up) {
      // No acknowledgement leaves any more (hooks::Socket). With a session the broker sends a
      // message with QoS 1 again; one with QoS 2 must not count as handed over.
      if (in.qos == 2) self.record_.not_taken(id, unreleased(topic, topic_size, in));
      return;
    }
    if (put != Ring::Put::taken) {
      if (in.qos > 0) refuse(self, put);
      return;
    }
    auto& out = ring.slot();
    if (topic_size > 0) {
      out.topic.assign(topic, static_cast<std::size_t>(topic_size));
    } else {
      out.topic.assign(topic);
    }
    if (out.topic.empty()) {  // An alias stands for it, which Paho leaves to us.
      const auto alias = MQTTProperties_getNumericValue(const_cast<MQTTProperties*>(&in.properties),
                                                        MQTTPROPERTY_CODE_TOPIC_ALIAS);
      out.topic = self.record_.topic_of(static_cast<std::uint16_t>(alias));
    }
    const auto size = in.payloadlen > 0 ? static_cast<std::size_t>(in.payloadlen) : 0;
    out.payload.clear();
    reserve_large_pages(out.payload, size);
    out.payload.append(static_cast<const char*>(in.payload), size);
    out.qos = static_cast<Qos>(in.qos & 3);
    out.retained = in.retained != 0;
    out.duplicate = in.dup != 0;
    out.id = in.qos > 0 ? id : std::uint16_t{0};
    out.properties = {};
    if (self.properties_ == Properties::read && in.properties.count > 0) {
      paho::from_paho(in.properties, out.properties);
    }
    out.time = std::chrono::system_clock::now();
    const bool hold = in.qos > 0 && size >= large;
    if (hold) ring.hold();
    ring.publish();
    self.shared_.mailbox.wake();
    if (hold && !ring.wait_until_done_with(self.record_.given_up())) {
      park(self);
    }
  }

  /// Without a copy of anything: there may be no memory.
  [[noreturn]] static void park(Arrivals& self) {
    self.shared_.ring.park([&mailbox = self.shared_.mailbox] { mailbox.wake(); });
  }

  /// Returning acknowledges, so the callback does not return where a message must stay with the
  /// broker.
  static void refuse(Arrivals& self, Ring::Put why) {
    auto& ring = self.shared_.ring;
    const auto& options = self.shared_.options;
    const bool kept = !options.clean_start || options.session_expiry.value_or(0) > 0;
    const bool leaving = ring.hurried();
    // Answers to SUBSCRIBE are awaited behind what is beyond --count: if the session ends with the
    // connection, an acknowledgement takes nothing from anybody.
    if (why == Ring::Put::surplus && !leaving && !kept) return;
    // Without a session the message is lost either way, and DISCONNECT must get out.
    if (why == Ring::Put::no_room && !kept) {
      ring.count_dropped();
      return;
    }
    park(self);
  }

  /// There is no memory for this message, and the run ends.
  static void no_memory(Arrivals& self, const char* topic, const MQTTAsync_message& in) noexcept {
    auto& ring = self.shared_.ring;
    ring.close();
    std::string words;
    try {
      words = no_memory_words(topic, static_cast<std::size_t>(in.payloadlen), in.qos > 0);
    } catch (...) {
      // The event alone must do.
    }
    self.reporter_.post(Event::Kind::no_memory, 0, std::move(words));
    if (in.qos > 0) park(self);
  }
};

void Arrivals::put_released(std::uint16_t id, hooks::PacketGuard::Unreleased message) noexcept {
  MQTTAsync_message in = MQTTAsync_message_initializer;
  in.payload = message.payload.data();
  in.payloadlen = static_cast<int>(message.payload.size());
  in.qos = 2;
  in.retained = message.retained ? 1 : 0;
  in.msgid = id;
  try {
    Callback::receive(*this, message.topic.data(), static_cast<int>(message.topic.size()), in);
  } catch (...) {
    // As in on_message().
  }
}

void Arrivals::await(void* handle) {
  MQTTAsync_setMessageArrivedCallback(handle, this, Callback::on_message);
}

}  // namespace mqtt_tools::connection
