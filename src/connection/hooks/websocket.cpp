// SPDX-License-Identifier: MIT
#include "connection/hooks/websocket.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mqtt_tools::connection::hooks {

namespace {

constexpr std::size_t longest_head = 65536;
constexpr std::size_t longest_part = 65536;
constexpr std::string_view head_start = "HTTP/";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view refusal = "HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n";

// RFC 6455 §5.2
enum Opcode : unsigned { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
constexpr unsigned final_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned mask_bit = 0x80;
constexpr std::size_t longest_control = 125;

unsigned byte(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// Moves bytes to the end of `part` until it has `size`; false when they are too few.
bool fill(std::string& part, std::size_t size, std::string_view& bytes) {
  const auto count = std::min(size - std::min(size, part.size()), bytes.size());
  part.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  return part.size() >= size;
}

/// Of a frame header of which two bytes are known, without the mask.
std::size_t header_size(std::string_view header) {
  const auto size = byte(header, 1) & 0x7F;
  return size == 127 ? 10 : size == 126 ? 4 : 2;
}

std::uint64_t payload_size(std::string_view header) {
  if (header_size(header) == 2) return byte(header, 1) & 0x7F;
  std::uint64_t size = 0;
  for (std::size_t at = 2; at < header_size(header); ++at) size = size << 8 | byte(header, at);
  return size;
}

std::string frame_header(std::size_t size) {
  const unsigned bytes = size <= longest_control ? 0 : size < 65536 ? 2 : 8;
  std::string header(1, static_cast<char>(final_bit | binary));
  header += static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
  for (auto left = bytes; left > 0; --left) header += static_cast<char>(size >> 8 * (left - 1));
  return header;
}

bool holds(std::string_view text, std::string_view word) {
  return ::strcasestr(std::string(text).c_str(), std::string(word).c_str()) != nullptr;
}

/// What is wrong with a 101 (RFC 6455 §4.1); its Sec-WebSocket-Accept Paho compares.
std::string_view upgrade_flaw(std::string_view head) {
  if (!holds(header_of(head, "Upgrade"), "websocket")) return "without Upgrade: websocket";
  if (!holds(header_of(head, "Connection"), "upgrade")) return "without Connection: Upgrade";
  if (header_of(head, "Sec-WebSocket-Accept").empty()) return "without Sec-WebSocket-Accept";
  if (!header_of(head, "Sec-WebSocket-Extensions").empty()) return "with an extension";
  return holds("mqtt mqttv3.1", header_of(head, "Sec-WebSocket-Protocol")) ? ""
                                                                           : "for another protocol";
}

/// Paho takes no more than 1 kB: what it looks at.
std::string shortened(std::string_view head) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string(header_of(head, "Sec-WebSocket-Accept")) + "\r\n\r\n";
}

/// What is wrong with a frame whose first two bytes are known; no words when nothing is.
Violation check_start(std::string_view header, bool fragmented) {
  const auto first = byte(header, 0);
  const auto opcode = first & 0x0F;
  const bool control = opcode >= close;
  if ((first & reserved_bits) != 0) {
    return {"a WebSocket frame with a reserved bit set", "RFC 6455 §5.2"};
  }
  if (opcode > pong || (opcode > binary && !control)) {
    return {"a WebSocket frame with the unknown opcode " + std::to_string(opcode), "RFC 6455 §5.2"};
  }
  if ((byte(header, 1) & mask_bit) != 0) return {"a masked WebSocket frame", "RFC 6455 §5.1"};
  if (control && (first & final_bit) == 0) {
    return {"a fragmented WebSocket control frame", "RFC 6455 §5.5"};
  }
  if (control && (byte(header, 1) & 0x7F) > longest_control) {
    return {"a WebSocket control frame of more than 125 bytes", "RFC 6455 §5.5"};
  }
  if (opcode == close && (byte(header, 1) & 0x7F) == 1) {
    return {"a WebSocket close frame with half a status code", "RFC 6455 §5.5.1"};
  }
  if (opcode == text) return {"a WebSocket text frame", "MQTT 5.0 §6"};
  if (opcode == continuation && !fragmented) {
    return {"a WebSocket continuation frame without a first frame", "RFC 6455 §5.4"};
  }
  if (opcode == binary && fragmented) {
    return {"a WebSocket message inside a fragmented one", "RFC 6455 §5.4"};
  }
  return {};
}

Violation check_size(std::string_view header) {
  const auto size = payload_size(header);
  if (size >> 63 != 0) return {"a WebSocket frame of 2^63 bytes or more", "RFC 6455 §5.2"};
  const std::uint64_t least = header.size() == 10 ? 65536 : header.size() == 4 ? 126 : 0;
  if (size < least) {
    return {"a WebSocket frame whose length is not written as short as possible", "RFC 6455 §5.2"};
  }
  return {};
}

}  // namespace

std::string_view header_of(std::string_view head, std::string_view name) {
  head = head.substr(0, head.rfind("\r\n") + 2);
  for (auto at = head.find("\r\n") + 2; at < head.size(); at = head.find("\r\n", at) + 2) {
    auto line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    line.remove_prefix(std::min(line.find_first_not_of(" \t", name.size() + 1), line.size()));
    return line.substr(0, line.find_last_not_of(" \t") + 1);
  }
  return {};
}

void WebSocketFrames::asked(HttpRequest request) {
  if (request == request_) return;
  request_ = request;
  if (stage_ == Stage::plain && request != HttpRequest::none) stage_ = Stage::head;
}

void WebSocketFrames::add(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (stage_) {
      case Stage::plain:
        return make_ready({std::string{bytes}, Kind::plain});
      case Stage::head:
        take_head(bytes);
        break;
      case Stage::header:
        take_header(bytes);
        break;
      case Stage::data:
        take_data(bytes);
        break;
      case Stage::control:
        take_control(bytes);
        break;
      case Stage::ended:
        return;
    }
  }
}

void WebSocketFrames::take_head(std::string_view& bytes) {
  const auto before = in_.size();
  const auto from = before - std::min(before, head_end.size() - 1);
  in_.append(bytes.substr(0, longest_head - before));
  const auto begun = std::min(in_.size(), head_start.size());
  const bool upgrade = request_ == HttpRequest::upgrade;
  if (in_.compare(0, begun, head_start, 0, begun) != 0) {
    return refuse(
        {"bytes that are not an HTTP answer", upgrade ? "RFC 6455 §4.1" : "RFC 9110 §9.3.6"});
  }
  const auto end = in_.find(head_end, from);
  if (end == std::string::npos) {
    if (in_.size() == longest_head) {
      return refuse({"an HTTP answer with a head of 64 KiB or more", "RFC 9110 §5.4"});
    }
    bytes = {};
    return;
  }
  in_.resize(end + head_end.size());
  bytes.remove_prefix(in_.size() - before);

  // Paho looks at these very bytes, and takes what it neither accepts nor refuses (HTTP/1.0 101)
  // for plain MQTT from here on: it gets a refusal instead.
  const auto status = in_.substr(0, 12);
  const bool upgraded = upgrade && status == "HTTP/1.1 101";
  const bool tunnel = !upgrade && (status == "HTTP/1.1 200" || status == "HTTP/1.0 200");
  const bool unclear = upgrade && !upgraded &&
                       (status.compare(0, 8, "HTTP/1.1") != 0 || status.compare(9, 3, "101") == 0);
  if (const auto flaw = upgraded ? upgrade_flaw(in_) : ""; !flaw.empty()) {
    return refuse({"an answer to the WebSocket request " + std::string(flaw), "RFC 6455 §4.1"});
  }
  make_ready({upgraded ? shortened(in_) : unclear ? std::string{refusal} : in_, Kind::head});
  in_ = {};
  stage_ = upgraded ? Stage::header : tunnel ? Stage::plain : Stage::ended;
}

void WebSocketFrames::take_header(std::string_view& bytes) {
  if (!fill(in_, 2, bytes)) return;
  if (in_.size() == 2) {
    auto forbidden = check_start(in_, fragmented_);
    if (!forbidden.words.empty()) return refuse(std::move(forbidden));
  }
  if (!fill(in_, header_size(in_), bytes)) return;
  auto forbidden = check_size(in_);
  if (!forbidden.words.empty()) return refuse(std::move(forbidden));

  if ((byte(in_, 0) & 0x0F) >= close) {
    control_size_ = in_.size() + static_cast<std::size_t>(payload_size(in_));
    stage_ = Stage::control;
    if (in_.size() == control_size_) take_control(bytes);
    return;
  }
  fragmented_ = (byte(in_, 0) & final_bit) == 0;
  frame_left_ = payload_size(in_);
  in_.clear();
  if (frame_left_ > 0) stage_ = Stage::data;
}

void WebSocketFrames::take_control(std::string_view& bytes) {
  if (!fill(in_, control_size_, bytes)) return;
  const auto opcode = byte(in_, 0) & 0x0F;
  if (opcode == close) {
    make_ready({std::exchange(in_, {}), Kind::close});
    return end();
  }
  if (opcode == ping && !ping_begun_) ping_ = in_;
  in_.clear();
  stage_ = Stage::header;
}

void WebSocketFrames::take_data(std::string_view& bytes) {
  auto data =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(frame_left_, bytes.size())));
  bytes.remove_prefix(data.size());
  frame_left_ -= data.size();
  if (frame_left_ == 0) stage_ = Stage::header;
  while (!data.empty()) {
    if (packet_left_ == 0) {
      take_packet_start(data);
      if (stage_ == Stage::ended) return;
    } else {
      if (packet_.back().bytes.size() >= longest_part) packet_.push_back({{}, Kind::mqtt});
      auto& part = packet_.back().bytes;
      const auto taken = data.substr(0, std::min(packet_left_, longest_part - part.size()));
      part += taken;
      packet_left_ -= taken.size();
      data.remove_prefix(taken.size());
    }
    if (!packet_.empty() && packet_left_ == 0) {
      for (auto& part : packet_) make_ready(std::move(part));
      packet_.clear();
    }
  }
}

/// Type and remaining length (MQTT 5.0 §2.1.4), byte for byte.
void WebSocketFrames::take_packet_start(std::string_view& bytes) {
  start_ += bytes.front();
  bytes.remove_prefix(1);
  if (start_.size() == 1) return;
  if ((byte(start_, start_.size() - 1) & 0x80) != 0) {
    if (start_.size() < 5) return;
    return refuse({"an MQTT packet whose length has more than four bytes", "MQTT 5.0 §1.5.5"});
  }
  std::size_t length = 0;
  for (auto at = start_.size() - 1; at > 0; --at) length = length << 7 | (byte(start_, at) & 0x7F);
  const auto whole = start_.size() + length;
  if (whole > max_packet_) {
    return refuse({.words = "an MQTT packet of " + std::to_string(whole) +
                            " bytes, and no more than " + std::to_string(max_packet_) +
                            " are taken (--max-packet)",
                   .rule = "MQTT 5.0 §3.1.2.11.4",
                   .reason = 0x95,
                   .too_large = true});
  }
  packet_.push_back({frame_header(whole), Kind::header});
  packet_.push_back({std::exchange(start_, {}), Kind::mqtt});
  packet_left_ = length;
}

void WebSocketFrames::make_ready(Part part) {
  held_ += part.bytes.size();
  ready_.push_back(std::move(part));
}

void WebSocketFrames::refuse(Violation violation) {
  violation_ = std::move(violation);
  end();
}

void WebSocketFrames::end() {
  stage_ = Stage::ended;
  in_ = {};
  packet_ = {};
}

/// What was ready at first of a frame has its header out.
bool WebSocketFrames::in_ready_frame() const {
  return begin_ > 0 || (!ready_.empty() && ready_.front().kind == Kind::mqtt);
}

bool WebSocketFrames::is_ping_next() const {
  return !ping_.empty() && !in_ready_frame() &&
         (ready_.empty() || ready_.front().kind != Kind::head);
}

WebSocketFrames::Piece WebSocketFrames::front() const {
  if (is_ping_next()) return {.bytes = ping_, .ping = true, .answered = !ping_begun_};
  if (ready_.empty()) return {};
  const auto& [bytes, kind] = ready_.front();
  return {.bytes = std::string_view{bytes}.substr(begin_),
          .mqtt = kind == Kind::mqtt || kind == Kind::plain,
          .head = kind == Kind::head,
          .answered = kind == Kind::close && begin_ == 0};
}

void WebSocketFrames::drop(std::size_t size) {
  while (size > 0) {
    const auto piece = front();
    const auto count = std::min(size, piece.bytes.size());
    if (count == 0) return;
    size -= count;
    if (piece.ping) {
      ping_.erase(0, count);
      ping_begun_ = !ping_.empty();
      continue;
    }
    held_ -= count;
    begin_ += count;
    if (count < piece.bytes.size()) return;
    ready_.pop_front();
    begin_ = 0;
  }
}

std::string_view SentFrames::next(std::string_view& bytes, std::size_t skippable) {
  while (!bytes.empty()) {
    switch (stage_) {
      case Stage::first:
        // An MQTT connection begins with 0x10 (CONNECT), a frame with its highest bit set.
        if (bytes.front() == 'C' || bytes.front() == 'G') {
          request_ = bytes.front() == 'C' ? HttpRequest::proxy : HttpRequest::upgrade;
          stage_ = Stage::head;
        } else {
          const bool frame = request_ == HttpRequest::upgrade && (byte(bytes, 0) & final_bit) != 0;
          stage_ = frame ? Stage::header : Stage::plain;
        }
        break;
      case Stage::head: {
        const char next = bytes.front();
        bytes.remove_prefix(1);
        end_matched_ = next == head_end[end_matched_] ? end_matched_ + 1 : next == '\r' ? 1 : 0;
        if (end_matched_ == head_end.size()) {
          end_matched_ = 0;
          stage_ = Stage::first;
        }
        break;
      }
      case Stage::header:
        take_header(bytes);
        break;
      case Stage::payload:
        if (const auto mqtt = take_payload(bytes, skippable); !mqtt.empty()) return mqtt;
        break;
      case Stage::plain:
        return std::exchange(bytes, {});
    }
  }
  return {};
}

void SentFrames::take_header(std::string_view& bytes) {
  if (!fill(header_, 2, bytes)) return;
  const bool is_masked = (byte(header_, 1) & mask_bit) != 0;
  const auto size = header_size(header_);
  if (!fill(header_, size + (is_masked ? mask_.size() : 0), bytes)) return;
  mask_ = {};
  if (is_masked) header_.copy(mask_.data(), mask_.size(), size);
  masked_ = 0;
  data_ = (byte(header_, 0) & 0x0F) < close;
  left_ = payload_size(header_);
  header_.clear();
  if (left_ > 0) stage_ = Stage::payload;
}

std::string_view SentFrames::take_payload(std::string_view& bytes, std::size_t skippable) {
  auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  const bool skipped = !data_ || skippable > 0;
  if (data_) count = std::min(count, skipped ? skippable : clear_.size());
  const auto part = bytes.substr(0, count);
  bytes.remove_prefix(count);
  left_ -= count;
  if (left_ == 0) stage_ = Stage::header;
  if (!skipped) {
    for (std::size_t at = 0; at < count; ++at) {
      clear_[at] = static_cast<char>(part[at] ^ mask_[(masked_ + at) % mask_.size()]);
    }
  }
  masked_ = static_cast<unsigned>((masked_ + count) % mask_.size());
  if (!data_) return {};
  return skipped ? part : std::string_view{clear_.data(), count};
}

}  // namespace mqtt_tools::connection::hooks
