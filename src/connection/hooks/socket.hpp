// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/websocket.hpp"

#include <sys/types.h>
#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

namespace mqtt_tools::connection {

/// What is known of one TCP socket of Paho's, by its descriptor, and the bytes that were read ahead
/// from it. Answers of HTTP and the frames of WebSocket go through WebSocketFrames. Paho writes and
/// connects on one thread and polls and reads on another (through a proxy also on the first), so
/// every member may be called from any thread.
class PahoSocket {
 public:
  enum class State : unsigned char {
    unknown,     ///< Not Paho's, or not seen since its birth: leave it alone.
    fresh,       ///< A socket, not yet asked to connect.
    connecting,  ///< Asked to connect; Paho has not used it since.
    plain,       ///< In use.
    tls,         ///< In use by OpenSSL, which reads and writes itself.
  };

  /// The stream of `descriptor`, or nothing if the table is too small for it.
  static PahoSocket* find(int descriptor);

  State state() const { return state_; }

  /// The descriptor was born, asked to connect, taken over by TLS, or closed. Bytes read ahead from
  /// its predecessor are forgotten.
  void enter(State state);

  /// Paho wrote; `complete` is false when the kernel did not take all of it.
  void wrote(bool complete);

  /// Paho has bytes left to write and waits for the socket to take them. It does not read
  /// meanwhile.
  bool blocked() const { return blocked_; }

  /// Bytes are at hand that the kernel does not know of any more.
  bool holds_bytes() const { return held_ > 0; }

  std::size_t held() const { return held_; }

  /// As recv(2) without flags; reads ahead when little is asked for.
  ssize_t read(int descriptor, void* bytes, std::size_t size);

  /// Reads no more than `size` bytes as SSL_read does.
  using Decrypt = std::function<int(char* bytes, std::size_t size)>;

  /// As SSL_read; only frames are read ahead.
  int read_decrypted(const Decrypt& decrypt, void* bytes, std::size_t size);

 private:
  static constexpr std::size_t capacity = 32 * 1024;

  /// Whether the first bytes that ever came, `bytes`, begin an answer of HTTP.
  bool begins_frames(std::string_view bytes);

  /// Of what the frames hold; more is read while that is nothing.
  ssize_t take_frames(const Decrypt& more, void* bytes, std::size_t size);

  std::atomic<State> state_{State::unknown};
  std::atomic<bool> blocked_{false};

  std::atomic<bool> started_{false};  ///< Bytes have come: frames_ or none is settled.

  std::mutex mutex_{};  ///< Guards those below; held_ is read without it.
  std::unique_ptr<WebSocketFrames> frames_{};
  std::unique_ptr<char[]> buffer_{};
  std::size_t begin_ = 0;
  std::atomic<std::size_t> held_{0};
};

}  // namespace mqtt_tools::connection
