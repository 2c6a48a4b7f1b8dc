// SPDX-License-Identifier: MIT
#pragma once

#include "support/server.hpp"
#include "support/system.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::support {

/// RFC 6455 §5.2
struct Frame {
  enum Opcode : int { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

  int opcode = 0;
  bool last = false;  ///< Of the fragments of its message.
  bool reserved = false;
  bool masked = false;
  std::string payload{};  ///< Without the mask.
};

/// Takes frames from a stream of bytes.
class FrameReader {
 public:
  void add(std::string_view bytes) { bytes_ += bytes; }
  std::optional<Frame> next();

 private:
  std::string bytes_{};
};

/// A frame as a server sends it.
std::string encode_frame(int opcode, std::string_view payload, bool last = true);

/// The server's answer to the head of a request for an upgrade: 101, and further headers.
std::string accept_upgrade(const std::string& request, const std::string& headers = {});

/// A WebSocket server in front of a broker on 127.0.0.1 (MQTT 5.0 §6, RFC 6455), with TLS if it has
/// a certificate. What the broker says goes on in fragments of messages.
class WebSocket {
 public:
  struct Rules {
    std::string path = "/mqtt";
    TlsContext tls{};
    std::string refusal{};           ///< "403 Forbidden" for everybody.
    std::string headers{};           ///< Further ones of the answer, each with its line's end.
    std::size_t fragment = 100'000;  ///< The longest to the client.
    bool ping = false;               ///< After all that the broker says.
  };

  explicit WebSocket(int broker_port) : WebSocket(broker_port, Rules{}) {}
  WebSocket(int broker_port, Rules rules);

  int port() const { return server_.port(); }
  std::string port_text() const { return std::to_string(port()); }
  std::vector<std::string> requests() const;    ///< The heads of all, as they came.
  std::vector<std::string> complaints() const;  ///< What clients did that RFC 6455 forbids.
  std::size_t frames() const;                   ///< Those of data that came from clients.
  bool wait_for_pongs(int count, milliseconds limit = patience) const;

 private:
  class Reader;

  void serve(Channel& client);
  void complain(const std::string& what);
  std::string framed(const std::string& bytes) const;

  int broker_port_;
  Rules rules_;
  mutable std::mutex mutex_{};
  std::vector<std::string> requests_{};
  std::vector<std::string> complaints_{};
  std::size_t frames_ = 0;
  int pongs_ = 0;
  mutable std::condition_variable changed_{};
  Server server_;
};

}  // namespace mqtt_tools::support
