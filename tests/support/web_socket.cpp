// SPDX-License-Identifier: MIT
#include "support/web_socket.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace mqtt_tools::support {
namespace {

constexpr std::string_view question = "still there?";

char as_byte(std::size_t number) { return static_cast<char>(number & 0xFF); }

std::string header(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

/// Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2).
std::string acceptance(const std::string& key) {
  const auto text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<char, 32> encoded;
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), digest.data(), digest.size());
  return encoded.data();
}

}  // namespace

std::string encode_frame(int opcode, std::string_view bytes, bool last) {
  std::string text;
  text += as_byte(static_cast<std::size_t>(opcode) | (last ? 0x80 : 0));
  if (bytes.size() < 126) {
    text += as_byte(bytes.size());
  } else if (bytes.size() < 65536) {
    text += as_byte(126);
    text += as_byte(bytes.size() >> 8);
    text += as_byte(bytes.size());
  } else {
    text += as_byte(127);
    for (int shift = 56; shift >= 0; shift -= 8) text += as_byte(bytes.size() >> shift);
  }
  return text.append(bytes);
}

std::optional<Frame> FrameReader::next() {
  const auto byte = [this](std::size_t at) {
    return std::size_t{static_cast<unsigned char>(bytes_[at])};
  };
  if (bytes_.size() < 2) return std::nullopt;
  Frame frame;
  frame.opcode = static_cast<int>(byte(0) & 0x0F);
  frame.last = (byte(0) & 0x80) != 0;
  frame.reserved = (byte(0) & 0x70) != 0;
  frame.masked = (byte(1) & 0x80) != 0;
  std::size_t size = byte(1) & 0x7F;
  const std::size_t extra = size == 127 ? 8 : size == 126 ? 2 : 0;
  const std::size_t from = 2 + extra + (frame.masked ? 4 : 0);
  if (bytes_.size() < from) return std::nullopt;
  if (extra > 0) size = 0;
  for (std::size_t at = 2; at < 2 + extra; ++at) size = size * 256 + byte(at);
  if (bytes_.size() < from + size) return std::nullopt;
  frame.payload = bytes_.substr(from, size);
  for (std::size_t at = 0; frame.masked && at < size; ++at) {
    frame.payload[at] ^= bytes_[from - 4 + at % 4];
  }
  bytes_.erase(0, from + size);
  return frame;
}

std::string accept_upgrade(const std::string& request, const std::string& headers) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " +
         acceptance(header(request, "Sec-WebSocket-Key")) + "\r\n" + headers + "\r\n";
}

/// Takes frames of a client, and minds what they must be like (RFC 6455 §5.1, §5.4; MQTT 5.0 §6).
class WebSocket::Reader {
 public:
  explicit Reader(WebSocket& server) : server_(server) {}

  /// What MQTT there is in the frames that are whole now.
  std::string data(const std::string& bytes) {
    frames_.add(bytes);
    std::string data;
    while (const auto frame = frames_.next()) {
      look(*frame);
      if (frame->opcode <= Frame::binary) data += frame->payload;
    }
    return data;
  }

 private:
  void look(const Frame& frame) {
    const int opcode = frame.opcode;
    if (!frame.masked) server_.complain("a frame is not masked");
    if (frame.reserved) server_.complain("a reserved bit is set");
    if (opcode == Frame::binary || opcode == Frame::continuation) {
      if ((opcode == Frame::continuation) != within_) server_.complain("fragments in no order");
      within_ = !frame.last;
    } else if (opcode < Frame::close || opcode > Frame::pong) {
      server_.complain("a frame with opcode " + std::to_string(opcode));
    }
    if (opcode == Frame::pong && frame.payload != question) {
      server_.complain("a pong that repeats something else");
    }
    const std::lock_guard lock{server_.mutex_};
    if (opcode <= Frame::binary) ++server_.frames_;
    if (opcode == Frame::pong) ++server_.pongs_;
    server_.changed_.notify_all();
  }

  WebSocket& server_;
  FrameReader frames_{};
  bool within_ = false;
};

WebSocket::WebSocket(int broker_port, Rules rules)
    : broker_port_(broker_port),
      rules_(std::move(rules)),
      server_([this](Channel& client) { serve(client); }) {}

std::vector<std::string> WebSocket::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

std::vector<std::string> WebSocket::complaints() const {
  const std::lock_guard lock{mutex_};
  return complaints_;
}

std::size_t WebSocket::frames() const {
  const std::lock_guard lock{mutex_};
  return frames_;
}

bool WebSocket::wait_for_pongs(int count, milliseconds limit) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] { return pongs_ >= count; });
}

void WebSocket::complain(const std::string& what) {
  const std::lock_guard lock{mutex_};
  complaints_.push_back(what);
}

/// One message for all of `bytes`, in fragments.
std::string WebSocket::framed(const std::string& bytes) const {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += rules_.fragment) {
    const auto size = std::min(rules_.fragment, bytes.size() - at);
    text += encode_frame(at == 0 ? Frame::binary : Frame::continuation,
                         std::string_view{bytes}.substr(at, size), at + size == bytes.size());
  }
  return rules_.ping && !bytes.empty() ? text + encode_frame(Frame::ping, question) : text;
}

void WebSocket::serve(Channel& client) {
  if (rules_.tls && !client.shake_hands(rules_.tls)) return;
  const auto head = client.take_head();
  {
    const std::lock_guard lock{mutex_};
    requests_.push_back(head);
  }
  if (!rules_.refusal.empty()) {
    client.give("HTTP/1.1 " + rules_.refusal + "\r\n\r\n");
    return;
  }
  if (head.rfind("GET " + rules_.path + " HTTP/1.1\r\n", 0) != 0) {
    client.give("HTTP/1.1 404 Not Found\r\n\r\n");
    return;
  }
  if (header(head, "Sec-WebSocket-Protocol") != "mqtt" ||
      header(head, "Sec-WebSocket-Version") != "13" || header(head, "Upgrade") != "websocket") {
    client.give("HTTP/1.1 400 Bad Request\r\n\r\n");
    return;
  }
  auto way = connect_to(broker_port_);
  if (!way) {
    client.give("HTTP/1.1 503 Server Unavailable\r\n\r\n");
    return;
  }
  client.give(accept_upgrade(head, rules_.headers));
  Channel broker{std::move(way), server_.leaving()};
  Reader reader{*this};
  join(
      client, broker, server_.leaving(),
      [&](const std::string& bytes) { return reader.data(bytes); },
      [&](const std::string& bytes) { return framed(bytes); });
}

}  // namespace mqtt_tools::support
