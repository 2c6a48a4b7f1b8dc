// SPDX-License-Identifier: MIT

#include "connection/reporter.hpp"

#include <utility>

namespace mqtt_tools::connection {

void Reporter::begin(std::uint64_t connection) {
  connection_.store(connection, std::memory_order_release);
  pending_ = true;
}

void Reporter::post(Event::Kind kind, int code, std::string text, std::size_t index) noexcept {
  Event event;
  event.kind = kind;
  event.connection = connection_.load(std::memory_order_acquire);
  event.code = code;
  event.text = std::move(text);
  event.index = index;
  mailbox_.post(std::move(event));
}

void Reporter::connected(Limits limits) {
  Event event;
  event.kind = Event::Kind::connected;
  event.connection = connection_.load(std::memory_order_acquire);
  event.limits = std::move(limits);
  mailbox_.post(std::move(event));
}

void Reporter::not_connected(int code, int reason) noexcept {
  settle();
  post(Event::Kind::failed, code >= 0 && reason >= 0x80 ? reason : code);
}

}  // namespace mqtt_tools::connection
