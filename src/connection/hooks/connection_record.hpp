// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/packet_guard.hpp"
#include "connection/hooks/websocket.hpp"
#include "connection/options.hpp"
#include "connection/resolver.hpp"
#include "connection/tls/handshake.hpp"
#include "timestamp.hpp"

#include <sys/types.h>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_tools::connection::hooks {

/// What was seen of a connection before its CONNACK. What servers said is untrusted, and cut off at
/// 1 KiB.
struct ConnectionFacts {
  bool connected = false;     ///< TCP, or to the proxy if there is one.
  int error = 0;              ///< errno of what failed: to connect, to read, or to write.
  bool bound = true;          ///< `error` is not that of Options::bind.
  bool closed = false;        ///< The other side closed the connection.
  bool connect_sent = false;  ///< As PacketGuard::connect_sent().
  HandshakeFacts tls{};
  std::string proxy_answer{};    ///< To CONNECT of HTTP.
  std::string upgrade_answer{};  ///< To the WebSocket request.
  std::string answer{};  ///< What else came in plain text, or out of TLS: MQTT it should be.
  std::optional<std::string> violation{};  ///< As ConnectionRecord::violation().
  std::string closing{};                   ///< As ConnectionRecord::closing().
};

/// Those of a connection of which nobody said more.
const Options& default_options();

/// What it points at, locked as long as it lives: `record.guard()->version()`.
template <typename Guarded>
class Locked {
 public:
  Locked(std::mutex& mutex, Guarded& guarded) : lock_(mutex), guarded_(guarded) {}
  Guarded* operator->() const { return &guarded_; }

 private:
  std::lock_guard<std::mutex> lock_;
  Guarded& guarded_;
};

/// What happens on one connection that Paho makes. Shared by the one who asked Paho for it and by
/// the socket that Paho opens for it; a lock of its own makes each call safe on any thread.
class ConnectionRecord {
 public:
  /// To be made with `options`, which must outlive it. The name of the broker, or of its proxy,
  /// stays the name for TLS and WebSocket, while we choose the address; none: Paho chooses.
  explicit ConnectionRecord(const PacketGuard::Limits& limits, const Address& address = {},
                            const Options& options = default_options())
      : address_(address), options_(options), guard_(limits) {}
  ConnectionRecord(const ConnectionRecord&) = delete;
  ConnectionRecord& operator=(const ConnectionRecord&) = delete;

  // Who asked for the connection.

  /// What the server sent that MQTT or WebSocket does not allow, with the rule, as in "a PUBACK
  /// for id 7, which waits for PUBREC; MQTT 5.0 §4.3.3". The connection is closed then.
  std::optional<std::string> violation() const;

  /// Why the connection ends, as far as it is known: the close frame of WebSocket that came, in
  /// words, untrusted, or that PINGRESP did not, or that nothing could be sent; empty when there is
  /// nothing to say.
  std::string closing() const;

  /// What happened until now, or until CONNACK.
  ConnectionFacts facts() const;

  /// Why a packet was refused though the server did nothing wrong: there is no memory for it.
  std::optional<std::string> no_memory() const;

  const Address& address() const { return address_; }
  const Options& options() const { return options_; }

  /// What the broker said in the first of these packets that said something, of that id.
  std::optional<PacketGuard::Remark> take_remark(std::initializer_list<PacketType> packets,
                                                 std::uint16_t id);

  /// Without lock() only.
  Locked<const PacketGuard> guard() const { return {mutex_, guard_}; }
  Locked<PacketGuard> guard() { return {mutex_, guard_}; }

  /// Who takes PacketGuard::take_arrived(). Called on the thread that reads, without the lock, and
  /// may wait there as Paho's message callback may. Before the connection is made.
  using TakeArrived = std::function<void(PacketGuard::Arrived message)>;
  void on_arrived(TakeArrived take) { take_arrived_ = std::move(take); }

  /// Nobody is interested in the connection any more: nothing more is read from it or written to
  /// it but, behind a CONNECT that has left, a DISCONNECT.
  void give_up() { given_up_ = true; }
  const std::atomic<bool>& given_up() const { return given_up_; }

  // The socket.

  /// As PacketGuard::received().
  std::size_t received(std::string_view bytes);

  /// The frames around the packets are not as they must be.
  void refuse(Violation violation);

  /// What WebSocketFrames::closing() says.
  void note_closing(std::string_view said);

  /// CONNACK has not come: note() is of interest.
  bool is_observed() const { return observed_; }

  /// Calls `change` with the ConnectionFacts. What it throws is lost, and errno stays.
  template <typename Change>
  void note(Change change) noexcept;

  /// `count` bytes came in answer to `request`, or with errno `error` none (0: the end).
  void note_read(HttpRequest request, const char* bytes, ssize_t count, int error) noexcept;

  void pinged(Clock::time_point answer_due) { answer_due_ = answer_due; }  ///< Only under lock().

  void note_stall() { stalled_ = true; }  ///< No byte has left for 2.5 keep-alives.

  void note_error(int error) noexcept;  ///< An errno; those that tell to wait are no error.

  /// Held while bytes are written, so that no answer to them is looked at before sent() was called.
  std::unique_lock<std::mutex> lock() const { return std::unique_lock{mutex_}; }
  PacketGuard& locked_guard() { return guard_; }  ///< Only under lock().

  /// The last thing to say: after a violation the DISCONNECT that says why (MQTT 5.0 §4.13.1), but
  /// under MQTT 5, after CONNACK and without a will only; to who gave up a DISCONNECT if there was
  /// a CONNECT.
  std::string last_packet() const;

 private:
  const Address address_;
  const Options& options_;
  std::atomic<bool> given_up_{false};
  mutable std::mutex mutex_{};
  PacketGuard guard_;
  std::string closing_{};
  Clock::time_point answer_due_{};  ///< Of the last PINGREQ.
  std::atomic<bool> stalled_{false};
  ConnectionFacts facts_{};
  std::atomic<bool> observed_{true};
  TakeArrived take_arrived_{};
};

template <typename Change>
void ConnectionRecord::note(Change change) noexcept {
  if (!observed_) return;
  const int error = errno;
  try {
    const std::lock_guard lock{mutex_};
    change(facts_);
  } catch (...) {
    // Then the message says less.
  }
  errno = error;
}

/// The sockets that Paho opens from now on belong to `record`. One connection is made at a time.
void expect(std::shared_ptr<ConnectionRecord> record);

/// The record for the socket that Paho opens; one of its own when none is expected.
std::shared_ptr<ConnectionRecord> expected_record();

}  // namespace mqtt_tools::connection::hooks
