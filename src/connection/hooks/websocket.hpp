// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// Puts what a WebSocket server sends into the one shape that Paho 1.3 reads without fail: one
/// whole frame for each MQTT packet. A server may put several packets into one frame (Paho reads
/// the second only when more bytes come), or one packet into fragments (Paho drops those that come
/// in several reads), MQTT 5.0 §6. Before the frames, an HTTP proxy and the server answer; of the
/// server's answer only what Paho looks at goes on, as it takes no more than 1 kB. What is not
/// WebSocket goes through as it is.
class WebSocketFrames {
 public:
  void add(std::string_view bytes);

  /// Bytes that are ready.
  std::size_t held() const { return held_; }
  std::size_t take(char* bytes, std::size_t size);

 private:
  enum class Stage { head, frames, raw };

  bool take_head();
  bool take_frame();
  bool take_data();
  void cut_packets();
  void pass(std::string bytes);

  Stage stage_ = Stage::head;
  std::string in_{};             ///< From the network; what stands before at_ is done with.
  std::size_t at_ = 0;           ///< Within in_.
  std::uint64_t remaining_ = 0;  ///< Of the data frame whose header was read.
  std::string packets_{};        ///< MQTT that has come; the last packet may not be whole.
  std::deque<std::string> ready_{};
  std::size_t begin_ = 0;  ///< Within the first of them.
  std::size_t held_ = 0;
};

}  // namespace mqtt_tools::connection
