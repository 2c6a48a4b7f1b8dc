// SPDX-License-Identifier: MIT
#include "connection/hooks/websocket.hpp"

#include <strings.h>
#include <algorithm>
#include <cstring>
#include <utility>

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t longest_head = 65536;
constexpr std::string_view head_start = "HTTP/";
constexpr std::string_view head_end = "\r\n\r\n";

// RFC 6455 §5.2
constexpr unsigned last_binary = 0x82;
constexpr unsigned most_data_opcode = 2;
constexpr unsigned least_control_opcode = 8;
constexpr unsigned most_control_opcode = 10;
constexpr std::size_t longest_control = 125;

unsigned byte(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

std::string frame_header(std::size_t size) {
  std::string header(1, static_cast<char>(last_binary));
  const auto add = [&](std::size_t number) { header += static_cast<char>(number & 0xFF); };
  if (size <= longest_control) {
    add(size);
    return header;
  }
  const int first = size < 65536 ? 8 : 56;
  add(size < 65536 ? 126 : 127);
  for (int shift = first; shift >= 0; shift -= 8) add(size >> shift);
  return header;
}

bool begins(std::string_view line, std::string_view name) {
  return line.size() >= name.size() && ::strncasecmp(line.data(), name.data(), name.size()) == 0;
}

/// The status line, and what a WebSocket client must look at (RFC 6455 §4.1).
std::string shortened(std::string_view head) {
  std::string text;
  for (std::size_t at = 0; at < head.size();) {
    const auto end = head.find("\r\n", at) + 2;
    const auto line = head.substr(at, end - at);
    if (at == 0 || line.size() == 2 || begins(line, "upgrade:") || begins(line, "connection:") ||
        begins(line, "sec-websocket-")) {
      text += line;
    }
    at = end;
  }
  return text;
}

}  // namespace

void WebSocketFrames::add(std::string_view bytes) {
  in_.append(bytes);
  bool more = true;
  while (more && at_ < in_.size()) {
    switch (stage_) {
      case Stage::head:
        more = take_head();
        break;
      case Stage::frames:
        more = remaining_ > 0 ? take_data() : take_frame();
        break;
      case Stage::raw:
        pass(in_.substr(at_));
        at_ = in_.size();
        break;
    }
  }
  in_.erase(0, at_);
  at_ = 0;
}

bool WebSocketFrames::take_head() {
  const auto rest = std::string_view{in_}.substr(at_);
  const auto start = std::min(rest.size(), head_start.size());
  const auto end = rest.find(head_end);
  if (rest.substr(0, start) != head_start.substr(0, start) ||
      (end == std::string_view::npos && rest.size() > longest_head)) {
    stage_ = Stage::raw;
    return true;
  }
  if (end == std::string_view::npos) return false;

  const auto head = rest.substr(0, end + head_end.size());
  constexpr std::size_t status_at = 9;  // HTTP/1.1 101
  const bool upgraded = head.size() > status_at + 3 && head.substr(status_at, 3) == "101";
  if (upgraded) stage_ = Stage::frames;
  at_ += head.size();
  pass(upgraded ? shortened(head) : std::string{head});
  return true;
}

bool WebSocketFrames::take_frame() {
  const auto rest = std::string_view{in_}.substr(at_);
  if (rest.size() < 2) return false;
  const auto opcode = byte(rest, 0) & 0x0F;
  std::uint64_t size = byte(rest, 1) & 0x7F;
  const bool control = opcode >= least_control_opcode;
  if ((byte(rest, 0) & 0x70) != 0 || (byte(rest, 1) & 0x80) != 0 || opcode > most_control_opcode ||
      (opcode > most_data_opcode && !control) || (control && size > longest_control)) {
    stage_ = Stage::raw;  // Not allowed: Paho may say so.
    return true;
  }
  if (control) {
    const auto whole = static_cast<std::size_t>(2 + size);
    if (rest.size() < whole) return false;
    pass(std::string{rest.substr(0, whole)});
    at_ += whole;
    return true;
  }
  const std::size_t extra = size == 127 ? 8 : size == 126 ? 2 : 0;
  if (rest.size() < 2 + extra) return false;
  if (extra > 0) size = 0;
  for (std::size_t at = 2; at < 2 + extra; ++at) size = size << 8 | byte(rest, at);
  remaining_ = size;
  at_ += 2 + extra;
  return true;
}

bool WebSocketFrames::take_data() {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, in_.size() - at_));
  packets_.append(in_, at_, size);
  at_ += size;
  remaining_ -= size;
  cut_packets();
  return true;
}

void WebSocketFrames::cut_packets() {
  constexpr std::size_t longest_length = 4;  // MQTT 5.0 §1.5.5
  std::size_t from = 0;
  while (packets_.size() - from >= 2) {
    std::size_t length = 0;
    std::size_t at = 1;
    bool known = false;
    for (; !known && at <= longest_length && from + at < packets_.size(); ++at) {
      length |= static_cast<std::size_t>(byte(packets_, from + at) & 0x7F) << 7 * (at - 1);
      known = (byte(packets_, from + at) & 0x80) == 0;
    }
    // A length that never ends is no MQTT: Paho may say so.
    const bool endless = !known && at > longest_length;
    const auto whole = endless ? packets_.size() - from : at + length;
    if ((!known && !endless) || packets_.size() - from < whole) break;
    pass(frame_header(whole));
    if (from == 0 && whole == packets_.size()) {
      pass(std::exchange(packets_, {}));
      return;
    }
    pass(packets_.substr(from, whole));
    from += whole;
  }
  packets_.erase(0, from);
}

void WebSocketFrames::pass(std::string bytes) {
  if (bytes.empty()) return;
  held_ += bytes.size();
  ready_.push_back(std::move(bytes));
}

std::size_t WebSocketFrames::take(char* bytes, std::size_t size) {
  std::size_t taken = 0;
  while (taken < size && !ready_.empty()) {
    const auto& first = ready_.front();
    const auto count = std::min(size - taken, first.size() - begin_);
    std::memcpy(bytes + taken, first.data() + begin_, count);
    taken += count;
    begin_ += count;
    if (begin_ == first.size()) {
      ready_.pop_front();
      begin_ = 0;
    }
  }
  held_ -= taken;
  return taken;
}

}  // namespace mqtt_tools::connection
