// SPDX-License-Identifier: MIT

#include "connection/reporter.hpp"

#include <utility>

namespace mqtt_tools::connection {

/// Paho only knows that the connection has ended: the hooks ended it.
void Reporter::tell_violation(Event& event) const noexcept {
  try {
    if (auto words = record_.no_memory()) {
      event.kind = Event::Kind::no_memory;
      event.text = std::move(*words);
    } else if (auto violation = record_.violation()) {
      event.kind = Event::Kind::malformed;
      event.text = std::move(*violation);
    }
  } catch (...) {
    // No memory for the words: it stays a loss.
  }
}

void Reporter::post(Event::Kind kind, int code, std::string text, std::size_t index) noexcept {
  Event event;
  event.kind = kind;
  event.connection = connection_;
  event.code = code;
  event.text = std::move(text);
  event.index = index;
  if (kind == Event::Kind::lost || kind == Event::Kind::failed) tell_violation(event);
  mailbox_.post(std::move(event));
}

void Reporter::connected(Limits limits) {
  Event event;
  event.kind = Event::Kind::connected;
  event.connection = connection_;
  event.limits = std::move(limits);
  mailbox_.post(std::move(event));
}

void Reporter::not_connected(int code, int reason) noexcept {
  settle();
  post(Event::Kind::failed, code >= 0 && reason >= 0x80 ? reason : code);
}

}  // namespace mqtt_tools::connection
