// SPDX-License-Identifier: MIT

#include "connection/hooks/socket.hpp"

#include "connection/hooks/hooks.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t largest_packet = 268435455 + 5;  // MQTT 5.0 §1.5.5

/// What an answer of HTTP is for, as long as nobody follows what is sent.
HttpRequest answered(std::string_view bytes) {
  constexpr std::size_t status_at = 9;
  const bool proxied = bytes.size() > status_at && bytes.substr(status_at, 3) == "200";
  return proxied ? HttpRequest::proxy : HttpRequest::upgrade;
}

}  // namespace

PahoSocket* PahoSocket::find(int descriptor) {
  // Never destroyed: Paho's threads run until the process is gone.
  static auto& streams = *new std::array<PahoSocket, 256>;

  const auto index = static_cast<std::size_t>(descriptor);
  return descriptor >= 0 && index < streams.size() ? &streams[index] : nullptr;
}

void PahoSocket::enter(State state) {
  const std::lock_guard lock{mutex_};
  if (state == State::unknown) buffer_.reset();
  frames_.reset();
  started_ = false;
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
  const auto more = [descriptor](char* to, std::size_t most) {
    return static_cast<int>(::recv(descriptor, to, most, 0));
  };
  if (frames_) return take_frames(more, bytes, size);
  if (held_ == 0) {
    if (size < capacity && !buffer_) buffer_.reset(new (std::nothrow) char[capacity]);
    if (size >= capacity || !buffer_) {
      started_ = true;
      return ::recv(descriptor, bytes, size, 0);
    }

    const auto count = ::recv(descriptor, buffer_.get(), capacity, 0);
    if (count <= 0) return count;
    if (begins_frames({buffer_.get(), static_cast<std::size_t>(count)})) {
      return take_frames(more, bytes, size);
    }
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

int PahoSocket::read_decrypted(const Decrypt& decrypt, void* bytes, std::size_t size) {
  const std::lock_guard lock{mutex_};
  if (!frames_) {
    const int count = decrypt(static_cast<char*>(bytes), size);
    if (count <= 0 ||
        !begins_frames({static_cast<const char*>(bytes), static_cast<std::size_t>(count)})) {
      return count;
    }
  }
  return static_cast<int>(take_frames(decrypt, bytes, size));
}

bool PahoSocket::begins_frames(std::string_view bytes) {
  if (started_) return false;
  started_ = true;
  if (bytes.empty() || bytes.front() != 'H') return false;  // No packet of MQTT begins so.
  try {
    frames_ = std::make_unique<WebSocketFrames>(largest_packet);
    frames_->asked(answered(bytes));
    frames_->add(bytes);
  } catch (...) {  // No memory: as Paho would have it.
    frames_.reset();
  }
  return frames_ != nullptr;
}

ssize_t PahoSocket::take_frames(const Decrypt& more, void* bytes, std::size_t size) {
  try {
    std::array<char, 16 * 1024> buffer{};
    while (frames_->held() == 0) {
      if (frames_->ended()) return 0;
      const int count = more(buffer.data(), buffer.size());
      if (count <= 0) return count;
      if (std::memcmp(buffer.data(), "HTTP/1.1 101", 12) == 0) frames_->asked(HttpRequest::upgrade);
      frames_->add({buffer.data(), static_cast<std::size_t>(count)});
    }
  } catch (...) {
    errno = ENOMEM;
    return -1;
  }
  std::size_t taken = 0;
  for (bool head = false; !head && taken < size;) {
    const auto piece = frames_->front();
    const auto count = std::min(size - taken, piece.bytes.size());
    if (count == 0) break;
    std::memcpy(static_cast<char*>(bytes) + taken, piece.bytes.data(), count);
    head = piece.head;  // Paho takes one only at the end of a read.
    frames_->drop(count);
    taken += count;
  }
  held_ = frames_->held();
  return static_cast<ssize_t>(taken);
}

}  // namespace mqtt_tools::connection
