// SPDX-License-Identifier: MIT

#include "connection/hooks/socket.hpp"

#include "connection/hooks/hooks.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

namespace mqtt_tools::connection::hooks {

namespace {

/// Paho has one connection at a time here, and for moments an old one beside it.
constexpr std::size_t most_sockets = 16;

std::array<Socket, most_sockets>& sockets() {
  // Never destroyed: Paho's threads run until the process is gone.
  static auto& all = *new std::array<Socket, most_sockets>;
  return all;
}

Violation no_memory() { return {"more than there is memory for", "see --max-packet"}; }

/// All 0 where there is no TCP.
tcp_info info_of(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof info;
  ::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size);
  return info;
}

}  // namespace

Socket* Socket::open(int descriptor, std::shared_ptr<ConnectionRecord> record) {
  auto* socket = find(descriptor);  // one that was closed behind our back
  for (auto& place : sockets()) {
    int free = -1;
    if (socket == nullptr && place.descriptor_.compare_exchange_strong(free, descriptor)) {
      socket = &place;
    }
  }
  if (socket == nullptr) return nullptr;
  socket->enter(State::fresh);
  socket->send_at_once(true);
  const std::lock_guard lock{socket->mutex_};
  socket->record_ = std::move(record);
  return socket;
}

Socket* Socket::find(int descriptor) {
  if (descriptor < 0) return nullptr;
  for (auto& place : sockets()) {
    if (place.descriptor_.load(std::memory_order_relaxed) == descriptor) return &place;
  }
  return nullptr;
}

std::shared_ptr<ConnectionRecord> Socket::record() {
  const std::lock_guard lock{mutex_};
  return record_;
}

void Socket::enter(State state) {
  const std::lock_guard lock{mutex_};
  {
    // Not while a write is under way on another thread.
    const auto writing = record_ ? record_->lock() : std::unique_lock<std::mutex>{};
    sent_frames_ = {};
    if (state == State::fresh || state == State::unused) {
      close_writes_ = 0;
      ping_due_ = false;
    }
    request_ = HttpRequest::none;
  }
  frames_.reset();
  begin_ = 0;
  held_ = 0;
  blocked_ = false;
  if (state == State::fresh || state == State::unused) {
    watched_ = false;
    refused_ = false;
    closed_ = false;
    parted_ = false;
    pings_answered_ = 0;
    pingresp_.clear();
    answered_ = false;
  }
  state_ = state;
  if (state == State::unused) {
    buffer_.reset();
    record_.reset();
    descriptor_ = -1;
  }
}

void Socket::wrote(bool complete) {
  if (blocked_ == complete) blocked_ = !complete;
  if (!complete) ++counters.writes_blocked;
  auto expected = State::connecting;
  if (state_ == expected) state_.compare_exchange_strong(expected, State::plain);
}

ssize_t Socket::read(const Read& source, void* to, std::size_t size) {
  auto* const bytes = static_cast<char*>(to);
  if (record_->given_up()) return read_end(bytes, size);
  const std::lock_guard lock{mutex_};
  if (refused_) return 0;
  if (!pingresp_.empty()) return read_pingresp(bytes, size);
  if (request_ != HttpRequest::none) {
    const auto count = read_frames(source, bytes, size);
    // Behind an error that lasts Paho would ask a WebSocket again and again.
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
      return read_end(bytes, size);
    if (count > 0) answered_ = true;
    return count;
  }
  if (held_ == 0) {
    const bool ahead = size < capacity && watched_ && state_ != State::tls;
    if (ahead && !buffer_) buffer_.reset(new (std::nothrow) char[capacity]);
    if (!ahead || !buffer_) {
      const auto count = read_noted(source, bytes, size);
      return count <= 0 ? count : checked(bytes, static_cast<std::size_t>(count));
    }
    const auto count = read_noted(source, buffer_.get(), capacity);
    if (count <= 0) return count;
    begin_ = 0;
    held_ = static_cast<std::size_t>(count);
  } else {
    counters.reads_saved.fetch_add(1, std::memory_order_relaxed);
  }

  const auto count = std::min<std::size_t>(size, held_);
  std::memcpy(bytes, buffer_.get() + begin_, count);
  begin_ += count;
  held_ -= count;
  return checked(bytes, count);
}

/// From the network. Of TLS, SSL_read's own answer says why nothing came.
ssize_t Socket::read_noted(const Read& source, char* bytes, std::size_t size) {
  const auto count = source(bytes, size);
  // The server's patience is 1.5 keep-alives, and Paho's own PINGREQ leaves after one.
  if (count > 0 && have_passed(5, left_at_)) ping_due_ = true;
  if (count > 0) heard_at_ = Clock::now();
  if (record_->is_observed() && (count > 0 || state_ != State::tls)) {
    record_->note_read(request_, bytes, count, errno);
  }
  return count;
}

ssize_t Socket::read_end(char* bytes, std::size_t size) {
  if (request_ != HttpRequest::proxy || answered_.exchange(true)) return 0;
  // Paho asks a silent proxy again and again, whether the stream has ended or not, until its answer
  // is long enough to be a refusal.
  std::memset(bytes, '-', size);
  return static_cast<ssize_t>(size);
}

/// What of `bytes` Paho may have.
ssize_t Socket::checked(const char* bytes, std::size_t count) {
  std::size_t legal = 0;
  try {
    legal = record_->received({bytes, count});
  } catch (...) {
    record_->refuse(no_memory());
  }
  if (legal < count) refuse();
  return static_cast<ssize_t>(legal);
}

void Socket::refuse() {
  refused_ = true;
  held_ = 0;
}

ssize_t Socket::read_frames(const Read& source, char* bytes, std::size_t size) {
  constexpr int most_reads = 16;
  try {
    if (!frames_) frames_ = std::make_unique<WebSocketFrames>(record_->options().max_packet);
    std::array<char, 16 * 1024> buffer;
    for (int reads = 0; pingresp_.empty() && has_nothing_for_paho() && !frames_->ended(); ++reads) {
      // Paho reads with its lock held, for which our other threads wait: a flood of frames that are
      // not for it must not keep them for ever. Of TLS nothing but OpenSSL can say "later".
      if (reads == most_reads && state_ != State::tls) {
        errno = EAGAIN;
        return -1;
      }
      const auto count = read_noted(source, buffer.data(), buffer.size());
      if (count <= 0) return count;
      frames_->asked(request_);
      frames_->add({buffer.data(), static_cast<std::size_t>(count)});
      if (const auto said = frames_->closing()) record_->note_closing(*said);
      const auto pings = record_->guard()->pings();
      if (frames_->held() == 0 && ping_waits(pings)) give_pingresp(pings);
    }
    if (!pingresp_.empty()) return read_pingresp(bytes, size);
    const auto& found = frames_->violation();
    if (frames_->held() > 0) {
      const auto taken = take_frames(bytes, size);
      if (!refused_ && found && frames_->held() == 0) {
        // At once: nothing more may come that would make Paho read again.
        record_->refuse(*found);
        refuse();
      }
      return taken;
    }
    if (found) record_->refuse(*found);
  } catch (...) {
    record_->refuse(no_memory());
  }
  refuse();
  return 0;
}

/// A ping or close frame is dropped while there is no room for what Paho answers: it frees its
/// answer without waiting until it is written, and would send what stands there later (1.3.12,
/// WebSocket_pong). Who does not read has no use for an answer. Paho polls before each read but for
/// the one behind a ping.
bool Socket::has_nothing_for_paho() {
  while (frames_->front().answered && !has_room()) frames_->drop(frames_->front().bytes.size());
  return frames_->held() == 0;
}

/// To write a few hundred bytes without being blocked.
bool Socket::has_room() const {
  pollfd writable{descriptor_, POLLOUT, 0};
  return !blocked_ && ::poll(&writable, 1, 0) == 1 && writable.revents == POLLOUT;
}

/// What is ready, as far as Paho may have it.
ssize_t Socket::take_frames(char* bytes, std::size_t size) {
  std::size_t taken = 0;
  bool head_ended = false;
  while (taken < size && !refused_ && !head_ended) {
    const auto piece = frames_->front();
    if (piece.bytes.empty() || (piece.answered && taken > 0)) break;
    const auto count = std::min(size - taken, piece.bytes.size());
    std::memcpy(bytes + taken, piece.bytes.data(), count);
    head_ended = piece.head && count == piece.bytes.size();
    taken += piece.mqtt ? static_cast<std::size_t>(checked(bytes + taken, count)) : count;
    if (!refused_) frames_->drop(count);
  }
  held_ = refused_ ? 0 : frames_->held();
  return static_cast<ssize_t>(taken);
}

bool Socket::closed_unread(int error, bool pending) {
  if (error != EPIPE && error != ECONNRESET) return false;
  int unread = 0;
  closed_ =
      pending || holds_bytes() || (::ioctl(descriptor_, FIONREAD, &unread) == 0 && unread > 0);
  return closed_;
}

std::optional<std::unique_lock<std::mutex>> Socket::begin_write() {
  auto lock = record_->lock();
  if (refused_ || record_->given_up()) return std::nullopt;
  return lock;
}

bool Socket::dense_writes(Clock::time_point now) {
  constexpr auto soon = std::chrono::milliseconds{1};
  const bool was_dense = close_writes_ == dense;
  close_writes_ = now - last_write_ < soon ? std::min(close_writes_ + 1, dense) : 0;
  last_write_ = now;
  if ((close_writes_ == dense) != was_dense) send_at_once(was_dense);
  return close_writes_ == dense;
}

/// What is alone must not wait until the broker has acknowledged what went before (40 ms).
void Socket::send_at_once(bool at_once) {
  const int on = at_once ? 1 : 0;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Socket::note_sent(std::string_view bytes) {
  auto& guard = record_->locked_guard();
  const auto pings = guard.pings();
  for (auto mqtt = sent_frames_.next(bytes, guard.skippable()); !mqtt.empty();
       mqtt = sent_frames_.next(bytes, guard.skippable())) {
    guard.sent(mqtt);
  }
  request_ = sent_frames_.request();
  left_at_ = last_write_;
  if (guard.pings() == pings) return;
  const auto line = info_of(descriptor_);
  acknowledged_ = line.tcpi_bytes_acked;  // What was acknowledged before counts for nothing.
  ping_end_ = line.tcpi_bytes_sent - line.tcpi_bytes_retrans + line.tcpi_notsent_bytes;
  // Paho gives up after 1.5 keep-alives.
  record_->pinged(last_write_ + Duration{std::chrono::seconds{guard.keep_alive()}} * 7 / 5);
}

/// So many quarters of a keep-alive, if there is one.
bool Socket::have_passed(int quarters, Clock::time_point since) const {
  const Duration keep_alive = std::chrono::seconds{record_->guard()->keep_alive()};
  return keep_alive.count() > 0 && Clock::now() >= since + keep_alive * quarters / 4;
}

void Socket::check_progress() {
  const std::lock_guard lock{mutex_};
  if (drains() || !record_ || !have_passed(10, left_at_)) return;
  record_->note_stall();
  refuse();
}

/// The other side has acknowledged bytes since this was asked last, and more are on their way to
/// it: a slow line is no dead one.
bool Socket::drains() {
  const auto line = info_of(descriptor_);
  const bool more = acknowledged_.exchange(line.tcpi_bytes_acked) != line.tcpi_bytes_acked;
  if (!more || line.tcpi_unacked + line.tcpi_notsent_bytes == 0) return false;
  left_at_ = Clock::now();
  return true;
}

bool Socket::answer_ping() {
  const std::lock_guard lock{mutex_};
  if (!record_) return false;
  std::size_t pings = 0;
  {
    const auto guard = record_->guard();
    if (!guard->accepted() || guard->in_packet()) return false;
    pings = guard->pings();
  }
  const bool waits = ping_waits(pings);
  const bool draining = drains();
  // The SYN is acknowledged, too: with one byte more than was sent the PINGREQ is there.
  const bool arrived = acknowledged_ > ping_end_;
  if (!blocked_ && pings == 0 && have_passed(5, left_at_)) {
    ping_due_ = true;
    return give_pingresp(1);
  }
  if (!blocked_ && pings > 0 && arrived && have_passed(6, std::max(left_at_.load(), heard_at_))) {
    refuse();
    return true;
  }
  return (waits ? draining && !arrived : blocked_.load()) && give_pingresp(pings);
}

/// Paho waits for the answer to the last of `pings` without answer.
bool Socket::ping_waits(std::size_t pings) {
  pings_answered_ = std::min(pings_answered_, pings);
  return pings > pings_answered_;
}

/// Unless Paho has a part of something else.
bool Socket::give_pingresp(std::size_t pings) {
  if (!pingresp_.empty() || (frames_ && frames_->in_frame())) return false;
  pings_answered_ = pings;
  pingresp_ = std::string{"\x82\x02\xD0\0", 4}.substr(request_ == HttpRequest::upgrade ? 0 : 2);
  return true;
}

ssize_t Socket::read_pingresp(char* bytes, std::size_t size) {
  const auto count = pingresp_.copy(bytes, size);
  pingresp_.erase(0, count);
  return static_cast<ssize_t>(count);
}

void Socket::await_end() {
  constexpr auto patience = std::chrono::milliseconds{200};
  const auto record = this->record();
  if (!record || !record->guard()->acknowledged()) return;
  std::array<char, 4096> unread;
  const auto end = Clock::now() + patience;
  ssize_t count = 1;
  for (auto left = patience; left.count() > 0 && count > 0;
       left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now())) {
    pollfd readable{descriptor_, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(left.count())) != 1) return;
    count = ::recv(descriptor_, unread.data(), unread.size(), MSG_DONTWAIT);
  }
}

std::string Socket::own_packet() {
  const std::lock_guard lock{mutex_};
  const bool last = refused_ || record_->given_up();
  const bool ping = ping_due_.exchange(false) && !last;
  // Inside of a packet that was written in part none can begin.
  if (blocked_ || !(ping ? has_room() : last && !std::exchange(parted_, true))) return {};
  auto packet = ping ? std::string{"\xC0\0", 2} : record_->last_packet();
  if (packet.empty() || request_ != HttpRequest::upgrade) return packet;
  // One whole frame, and the one that closes, masked as a client's must be, with nought (RFC 6455
  // §5.3, §5.5.1).
  const std::string mask(4, '\0');
  return "\x82" + std::string(1, static_cast<char>(0x80 | packet.size())) + mask + packet +
         (ping ? "" : "\x88\x80" + mask);
}

}  // namespace mqtt_tools::connection::hooks
