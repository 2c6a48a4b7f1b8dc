// SPDX-License-Identifier: MIT

#include "connection/paho_socket.hpp"

#include "connection/fast_io.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <cstring>
#include <new>

namespace mqtt_tools::connection {

PahoSocket* PahoSocket::find(int descriptor) {
  // Never destroyed: Paho's threads run until the process is gone.
  static auto& streams = *new std::array<PahoSocket, 256>;

  const auto index = static_cast<std::size_t>(descriptor);
  return descriptor >= 0 && index < streams.size() ? &streams[index] : nullptr;
}

void PahoSocket::enter(State state) {
  const std::lock_guard lock{mutex_};
  if (state == State::unknown) buffer_.reset();
  begin_ = 0;
  held_ = 0;
  blocked_ = false;
  state_ = state;
}

void PahoSocket::wrote(bool complete) {
  if (blocked_ == complete) blocked_ = !complete;
  if (!complete) ++fast_io.writes_blocked;
  auto expected = State::connecting;
  if (state_ == expected) state_.compare_exchange_strong(expected, State::plain);
}

ssize_t PahoSocket::read(int descriptor, void* bytes, std::size_t size) {
  const std::lock_guard lock{mutex_};
  if (held_ == 0) {
    if (size < capacity && !buffer_) buffer_.reset(new (std::nothrow) char[capacity]);
    if (size >= capacity || !buffer_) return ::recv(descriptor, bytes, size, 0);

    const auto count = ::recv(descriptor, buffer_.get(), capacity, 0);
    if (count <= 0) return count;
    begin_ = 0;
    held_ = static_cast<std::size_t>(count);
  } else {
    fast_io.reads_saved.fetch_add(1, std::memory_order_relaxed);
  }

  const auto count = std::min<std::size_t>(size, held_);
  std::memcpy(bytes, buffer_.get() + begin_, count);
  begin_ += count;
  held_ -= count;
  return static_cast<ssize_t>(count);
}

}  // namespace mqtt_tools::connection
