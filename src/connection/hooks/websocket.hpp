// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/packet_guard.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::connection::hooks {

/// What was asked with HTTP before any MQTT: `CONNECT host:port` of a proxy, `GET` with an upgrade
/// to WebSocket of a server (also behind a proxy: then it comes second).
enum class HttpRequest : unsigned char { none, proxy, upgrade };

/// The value of the line of an HTTP head that begins with `name`, in any case, and a colon; or
/// nothing. A line that was cut off is none.
std::string_view header_of(std::string_view head, std::string_view name);

/// What a server sends in answer to HTTP requests and over WebSocket: checked against RFC 6455, and
/// put into the one shape that Paho 1.3 reads without fail, one whole frame for each MQTT packet. A
/// server may put several packets into one frame (Paho reads the second only when more bytes come),
/// or one packet into fragments (Paho drops those that come in several reads), MQTT 5.0 §6.
///
/// HTTP is taken for HTTP only where we asked with it: on a plain connection Paho would read an
/// answer of HTTP as packets. After a 101 all is frames, after a proxy's 200 all is plain MQTT
/// until the upgrade is asked for, after any other answer nothing counts: Paho gives up on it.
///
/// No sockets, no threads: whoever owns it calls it from one thread at a time. Nothing is allocated
/// because a length was announced, but only for what arrived; besides what add() was given since
/// held() was 0 at most one packet and one HTTP head are kept. Throws std::bad_alloc only.
class WebSocketFrames {
 public:
  /// The largest MQTT packet to take, in bytes with its fixed header (--max-packet).
  explicit WebSocketFrames(std::size_t max_packet) : max_packet_(max_packet) {}

  /// The last request that was sent (SentFrames::request()), before add() sees what answers it.
  /// Until then all is plain MQTT.
  void asked(HttpRequest request);

  /// From the network, in pieces of any size.
  void add(std::string_view bytes);

  /// Nothing is taken in after it; what was legal before it is still handed out.
  const std::optional<Violation>& violation() const { return violation_; }

  /// Nothing that add() takes can lead to output any more: after a violation, a close frame, and an
  /// answer of HTTP that refuses. When nothing is held either, the connection is at its end.
  bool ended() const { return stage_ == Stage::ended; }

  /// What the close frame says that add() has just taken, if it has: a status code of two bytes and
  /// a reason, or nothing (RFC 6455 §5.5.1).
  std::optional<std::string_view> closing() const {
    if (ready_.empty() || ready_.back().kind != Kind::close) return std::nullopt;
    return std::string_view{ready_.back().bytes}.substr(2);
  }

  struct Piece {
    std::string_view bytes{};  ///< Valid until the next add() or drop(); empty when none is ready.
    bool mqtt = false;         ///< Of MQTT packets: up to 64 KiB of a packet in one piece.
    bool head = false;         ///< An HTTP head: Paho takes it only if a read ends with it.
    bool ping = false;         ///< A ping frame.
    bool answered = false;     ///< A whole ping or close frame, which Paho answers at once.
  };

  /// What comes next for Paho. Pieces of no kind are frame headers and close frames. A ping is
  /// given as soon as no frame is in progress, and only the last one (RFC 6455 §5.5.3 allows to
  /// answer no more than that): a flood of them does not pile up, here or in Paho. A pong of the
  /// server goes nowhere: we never ask for one.
  Piece front() const;
  void drop(std::size_t size);

  /// Bytes that are ready.
  std::size_t held() const { return held_ + ping_.size(); }

  /// A frame is handed out in part.
  bool in_frame() const { return ping_begun_ || in_ready_frame(); }

 private:
  enum class Stage { plain, head, header, data, control, ended };

  enum class Kind { plain, head, header, mqtt, close };  ///< header: of a frame with `mqtt`.

  /// Bytes for Paho: a whole head, header or close frame, or up to 64 KiB of MQTT.
  struct Part {
    std::string bytes{};
    Kind kind{};
  };

  void take_head(std::string_view& bytes);
  void take_header(std::string_view& bytes);
  void take_control(std::string_view& bytes);
  void take_data(std::string_view& bytes);
  void take_packet_start(std::string_view& bytes);
  void make_ready(Part part);
  void refuse(Violation violation);
  void end();
  bool in_ready_frame() const;
  bool is_ping_next() const;

  std::size_t max_packet_ = 0;
  std::optional<Violation> violation_{};
  HttpRequest request_ = HttpRequest::none;
  Stage stage_ = Stage::plain;

  std::string in_{};  ///< An HTTP head, frame header or control frame that is not whole.
  std::size_t control_size_ = 0;  ///< Of the control frame in in_, with its header.
  std::uint64_t frame_left_ = 0;  ///< Of the data frame, to come.
  bool fragmented_ = false;       ///< Between the fragments of a message.

  std::string start_{};          ///< Type and length of the next packet, as far as they have come.
  std::size_t packet_left_ = 0;  ///< Of the packet, to come.
  std::vector<Part> packet_{};   ///< What has come of it, with the header of its frame.

  std::deque<Part> ready_{};
  std::size_t begin_ = 0;  ///< Within the first of them.
  std::size_t held_ = 0;   ///< Bytes of all from there on.
  std::string ping_{};
  bool ping_begun_ = false;
};

/// Follows what we write on a connection: the heads of HTTP requests, if any, then frames that are
/// masked (RFC 6455 §5.3), or plain MQTT. Finds the bytes of MQTT in it.
class SentFrames {
 public:
  /// The next bytes of MQTT in `bytes`, from which they and what stands before them are removed;
  /// empty when there are none left. Up to `skippable` of the coming bytes of MQTT are of no
  /// interest: those are not unmasked, only their number is right. Valid until the next call and as
  /// long as `bytes` are.
  ///
  ///   for (auto mqtt = sent.next(bytes, guard.skippable()); !mqtt.empty();
  ///        mqtt = sent.next(bytes, guard.skippable())) {
  ///     guard.sent(mqtt);
  ///   }
  std::string_view next(std::string_view& bytes, std::size_t skippable);

  /// The last HTTP request of which a byte has passed.
  HttpRequest request() const { return request_; }

 private:
  enum class Stage { first, head, header, payload, plain };

  void take_header(std::string_view& bytes);
  std::string_view take_payload(std::string_view& bytes, std::size_t skippable);

  HttpRequest request_ = HttpRequest::none;
  Stage stage_ = Stage::first;
  std::size_t end_matched_ = 0;  ///< Of the blank line after a head.
  std::string header_{};         ///< Of a frame, as far as it has come.
  std::uint64_t left_ = 0;       ///< Of the frame's payload.
  bool data_ = false;            ///< It is MQTT, not of a control frame.
  std::array<char, 4> mask_{};
  unsigned masked_ = 0;  ///< How many bytes of the payload have passed, modulo 4.
  std::array<char, 256> clear_{};
};

}  // namespace mqtt_tools::connection::hooks
