// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/hooks/websocket.hpp"
#include "timestamp.hpp"

#include <sys/types.h>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::connection::hooks {

/// What is known of one TCP socket of Paho's, by its descriptor. All that Paho reads from it and
/// writes to it goes through here: packets through the PacketGuard of the connection's record,
/// answers of HTTP and frames of WebSocket through WebSocketFrames.
///
/// Threads: Paho writes and connects on one thread and polls and reads on another (through a proxy
/// also on the first), so every member may be called from any thread. `mutex_` guards what was read
/// ahead, the record's own lock the two directions of the guard; the rest is atomic. Paho closes a
/// socket under the lock under which it reads and writes: `record_` stays while it does.
class Socket {
 public:
  enum class State : unsigned char {
    unused,      ///< No socket of Paho's.
    fresh,       ///< A socket, not yet asked to connect.
    connecting,  ///< Asked to connect; Paho has not used it since.
    plain,       ///< In use.
    tls,         ///< In use by OpenSSL, which reads and writes itself.
  };

  /// Takes a place for `descriptor`, which Paho has just opened. Null when Paho has more sockets
  /// open than there are places: nothing may be read from such a one.
  static Socket* open(int descriptor, std::shared_ptr<ConnectionRecord> record);

  /// The socket of Paho's with this descriptor, or null.
  static Socket* find(int descriptor);

  State state() const { return state_; }

  /// Of the connection that it belongs to; null once it is closed.
  std::shared_ptr<ConnectionRecord> record();

  /// Asked to connect, taken over by TLS, or closed (unused). Bytes read ahead are forgotten.
  void enter(State state);

  HttpRequest request() const { return request_; }  ///< The last one that we sent.

  /// Reads no more than `size` bytes, as recv(2) without flags and SSL_read do.
  using Read = std::function<ssize_t(char* bytes, std::size_t size)>;

  /// As `source`, which reads from the network, but gives only what the server may send: 0, as at
  /// the end of the connection, from the first byte on that is not allowed. Reads ahead only what
  /// the poll of ours tells of (watched()), and frames.
  ssize_t read(const Read& source, void* bytes, std::size_t size);

  /// Before Paho writes: what is returned is held meanwhile, so that no answer is looked at before
  /// note_sent(). Nothing when the server did what is not allowed, or the connection was given up:
  /// then nothing more leaves, as Paho's DISCONNECT would take the will away.
  std::optional<std::unique_lock<std::mutex>> begin_write();

  /// Call it before each write, under that lock. Whether writes have come so densely for a while
  /// that to gather them (Nagle's algorithm) saves work and holds nobody up, and then they are:
  /// with TCP_NODELAY each would be a segment of its own, and a stream with QoS 1 takes half as
  /// long again.
  bool dense_writes(Clock::time_point now);

  void note_sent(std::string_view bytes);  ///< They were written. Before the lock is let go.

  /// What is to be written that Paho does not write, in a frame if need be; empty when there is
  /// nothing to say, or a packet has been written in part. Once, when begin_write() lets nothing
  /// more through, a DISCONNECT (ConnectionRecord::last_packet()): to be asked right after a
  /// violation, and before Paho closes a connection that was given up. And a PINGREQ when we have
  /// been silent for too long (MQTT 5.0 §3.1.2.10): Paho sends no second one before PINGRESP, which
  /// comes behind all that the server is sending.
  std::string own_packet();
  bool has_own_packet() const { return refused_ || ping_due_; }

  /// Before it is closed: where acknowledgements have left, waits for a moment until the server has
  /// closed, and throws away what comes. Whatever comes to a closed socket, or is left unread in
  /// it, makes TCP reset the connection (RFC 1122 §4.2.2.13), and the server then does not read
  /// what it has not read yet: messages that we have acknowledged would come again.
  void await_end();

  /// The server did what is not allowed.
  bool refused() const { return refused_; }

  /// Paho wrote; `complete` is false when the kernel did not take all of it.
  void wrote(bool complete);

  /// Paho has bytes left to write and waits for the socket to take them.
  bool blocked() const { return blocked_; }

  /// Called while Paho is blocked and there is no room. Ends the connection when no byte has left
  /// for 2.5 keep-alives: Paho is kept from doing so (waits::tell_of_slow()).
  void check_progress();

  /// Asked while nothing comes: whether the next read gives Paho a PINGRESP, which any number of
  /// times does no harm, or the end. It mends Paho's keep-alive (1.3.12 to 1.3.15):
  /// - Paho waits for the answer to its PINGREQ no longer than 1.5 keep-alives, however much stands
  ///   before it in the kernel, and does not read at all while it is blocked. So it has one as long
  ///   as the line drains and the last PINGREQ is on its way. A server that has it must answer it.
  /// - It notes a PINGREQ that comes due while it is blocked. 1.5 keep-alives later it closes the
  ///   connection if nothing came since; else it sends no PINGREQ any more. So it has a PINGRESP
  ///   while it is blocked, and when we have been silent for too long a PINGREQ leaves here, after
  ///   which we wait for the answer.
  bool answer_ping();

  /// From now on a poll of ours tells of bytes that were read ahead.
  void watched() { watched_.store(true, std::memory_order_relaxed); }

  /// Bytes that are at hand and that the kernel does not know of any more; at least one as long as
  /// Paho has to learn that nothing more is read.
  std::size_t held() const { return refused_ ? 1 : held_.load(); }
  bool holds_bytes() const { return held() > 0; }

  /// A write failed with `error` because the server has closed, but bytes have come that Paho has
  /// not read, or are `pending` in TLS. Told of the failure it would close at once, though they may
  /// be acknowledgements, or the DISCONNECT that says why.
  bool closed_unread(int error, bool pending = false);
  bool closed() const { return closed_; }  ///< closed_unread() was last so.

 private:
  static constexpr std::size_t capacity = 32 * 1024;
  static constexpr unsigned dense = 32;

  ssize_t read_noted(const Read& source, char* bytes, std::size_t size);
  ssize_t read_end(char* bytes, std::size_t size);
  ssize_t read_frames(const Read& source, char* bytes, std::size_t size);
  bool has_nothing_for_paho();
  bool has_room() const;
  bool drains();
  bool have_passed(int quarters, Clock::time_point since) const;
  ssize_t take_frames(char* bytes, std::size_t size);
  ssize_t checked(const char* bytes, std::size_t count);
  void refuse();
  void send_at_once(bool at_once);
  bool ping_waits(std::size_t pings);
  bool give_pingresp(std::size_t pings);
  ssize_t read_pingresp(char* bytes, std::size_t size);

  // Under the record's lock.
  Clock::time_point last_write_{};
  unsigned close_writes_ = 0;  ///< In a row, each soon after the one before it.

  std::atomic<int> descriptor_{-1};
  std::atomic<State> state_{State::unused};
  std::atomic<bool> blocked_{false};
  std::atomic<bool> watched_{false};
  std::atomic<bool> refused_{false};                     ///< Nothing more is read or written.
  std::atomic<bool> closed_{false};                      ///< Nothing more can be written.
  std::atomic<HttpRequest> request_{HttpRequest::none};  ///< The last one that we sent.
  std::atomic<std::size_t> held_{0};
  std::atomic<std::uint64_t> acknowledged_{0};  ///< Bytes, when drains() was asked, or we pinged.
  std::atomic<std::uint64_t> ping_end_{0};      ///< Bytes sent up to the last PINGREQ.
  std::atomic<Clock::time_point> left_at_{};    ///< Bytes did last.
  std::atomic<bool> ping_due_{false};  ///< We have been silent for too long, and bytes have come.

  std::mutex mutex_{};
  std::shared_ptr<ConnectionRecord> record_{};
  std::atomic<bool> answered_{false};  ///< Paho has an answer of the proxy: see read_end().
  Clock::time_point heard_at_{};       ///< Bytes came last.
  std::size_t pings_answered_ = 0;     ///< Of PacketGuard::pings(), to Paho.
  std::string pingresp_{};             ///< To be read before all else.
  bool parted_ = false;                ///< The last packet was asked for.
  std::unique_ptr<WebSocketFrames> frames_{};
  SentFrames sent_frames_{};
  std::unique_ptr<char[]> buffer_{};
  std::size_t begin_ = 0;
};

}  // namespace mqtt_tools::connection::hooks
