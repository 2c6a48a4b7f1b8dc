// SPDX-License-Identifier: MIT

#include "connection/packet_trace.hpp"

#include "connection/paho.hpp"

#include <algorithm>
#include <atomic>

namespace mqtt_tools::connection {

namespace {

std::atomic<Mailbox*> listener{nullptr};

void on_packet(const char* trace) {
  auto* mailbox = listener.load(std::memory_order_acquire);
  if (mailbox == nullptr) return;
  try {
    if (auto words = packet_in_words(trace)) {
      Event event;
      event.kind = Event::Kind::traced;
      event.text = std::move(*words);
      mailbox->post(std::move(event));
    }
  } catch (...) {
    // No exception may cross Paho; a line of --debug is the least loss.
  }
}

}  // namespace

void set_up_paho(bool debug, Mailbox& mailbox) {
  if (debug) {
    listener.store(&mailbox, std::memory_order_release);
    paho::trace_packets(on_packet);
  }
  paho::set_up(debug);
}

std::optional<std::string> packet_in_words(std::string_view trace) {
  // "3 client-id -> PUBREL msgid: 7 (0)", "3 client-id <- PINGRESP"; a payload comes after its
  // arrow.
  constexpr std::string_view out = " -> ";
  constexpr std::string_view in = " <- ";
  const auto at = std::min(trace.find(out), trace.find(in));
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = trace.substr(at + out.size());
  for (const std::string_view type :
       {"PINGREQ", "PINGRESP", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP"}) {
    if (rest.substr(0, type.size()) != type) continue;
    std::string words(trace.substr(at + 1, 3));
    words += type;
    constexpr std::string_view label = " msgid: ";
    if (const auto id = rest.find(label); id != std::string_view::npos) {
      words += " id ";
      for (auto c = id + label.size(); c < rest.size() && rest[c] >= '0' && rest[c] <= '9'; ++c) {
        words += rest[c];
      }
    }
    return words;
  }
  return std::nullopt;
}

}  // namespace mqtt_tools::connection
