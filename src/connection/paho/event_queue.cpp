// SPDX-License-Identifier: MIT

#include "connection/paho/event_queue.hpp"

#include "error.hpp"

#include <sys/eventfd.h>
#include <utility>

namespace mqtt_tools::connection {

EventQueue::EventQueue() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd() < 0) throw failed_call("cannot make an event descriptor");
}

void EventQueue::post(Event event) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  } catch (...) {
    // Out of memory on a thread of Paho's: the limits on every wait end the run.
  }
  wake();
}

void EventQueue::post_packet(bool ours, hooks::PacketType packet, std::uint16_t id) noexcept {
  try {
    Event event;
    event.kind = Event::Kind::packet;
    event.text = (ours ? "-> " : "<- ") + packet_name(packet);
    if (id != 0) event.text += " id " + std::to_string(id);
    post(std::move(event));
  } catch (...) {
    // A line of --debug is the least loss.
  }
}

void EventQueue::wake() noexcept {
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  ::eventfd_write(fd(), 1);
}

/// The flag falls only with what was written: a wake() that has set it may not have come to write,
/// and nobody would read what it writes afterwards: the descriptor would stay readable for ever.
void EventQueue::clear() {
  eventfd_t count = 0;
  if (!woken_.load(std::memory_order_acquire) || ::eventfd_read(fd(), &count) < 0) return;
  // An exchange: what came before a wake() that finds the flag still set is seen after it.
  woken_.exchange(false, std::memory_order_acq_rel);
}

std::vector<Event> EventQueue::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

/// Paho only knows that the connection has ended; the hooks ended it, or know what was said.
void ConnectionEvents::tell_end(Event& event) const noexcept {
  try {
    if (auto words = record_.no_memory()) {
      event.kind = Event::Kind::no_memory;
      event.text = std::move(*words);
    } else if (auto violation = record_.violation()) {
      event.kind = Event::Kind::malformed;
      event.text = std::move(*violation);
    } else if (event.kind == Event::Kind::lost) {
      event.text = record_.closing();
    }
  } catch (...) {
    // No memory for the words: it stays a loss.
  }
}

void ConnectionEvents::post(Event::Kind kind, int code, std::string text,
                            std::size_t index) noexcept {
  Event event;
  event.kind = kind;
  event.connection = connection_;
  event.code = code;
  event.text = std::move(text);
  event.index = index;
  if (kind == Event::Kind::lost || kind == Event::Kind::failed) tell_end(event);
  queue_.post(std::move(event));
}

void ConnectionEvents::connected(ServerLimits limits) {
  Event event;
  event.kind = Event::Kind::connected;
  event.connection = connection_;
  event.limits = std::move(limits);
  event.text = remark(hooks::PacketType::connack).text();
  queue_.post(std::move(event));
}

void ConnectionEvents::not_connected(int code, int reason) noexcept {
  std::string text;
  try {
    text = remark(hooks::PacketType::connack).text();
  } catch (...) {
    // No memory for the words: the code says the most.
  }
  // Beside it Paho C 1.3.15 gives -1 as code, the versions before it the reason once more.
  post(Event::Kind::failed, reason > 0 ? reason : code, std::move(text));
}

}  // namespace mqtt_tools::connection
