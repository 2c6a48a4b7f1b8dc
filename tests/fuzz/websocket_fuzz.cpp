// SPDX-License-Identifier: MIT

// A server that sends anything over WebSocket. The first byte of the input says what was asked and
// in which pieces the rest comes. What must hold: the pieces do not matter, nothing comes out after
// an end, no more is held than came, and each frame that comes out holds one whole packet.

#include "connection/hooks/websocket.hpp"
#include "fuzz.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

using fuzz::must;
using mqtt_tools::connection::hooks::HttpRequest;
using mqtt_tools::connection::hooks::SentFrames;
using mqtt_tools::connection::hooks::WebSocketFrames;

namespace {

constexpr std::size_t max_packet = 4096;
constexpr std::size_t longest_header = 10;
constexpr std::size_t longest_ping = 2 + 125;

struct Output {
  std::string all{};  ///< Without pings: of those that wait only the last is given.
  std::string mqtt{};
  std::string last_ping{};
  std::string words{};
  bool ended = false;
};

bool operator==(const Output& one, const Output& other) {
  return one.all == other.all && one.mqtt == other.mqtt && one.last_ping == other.last_ping &&
         one.words == other.words && one.ended == other.ended;
}

void hand_out(WebSocketFrames& frames, Output& output, std::size_t most) {
  std::string ping;
  while (frames.held() > 0) {
    const auto held = frames.held();
    const auto piece = frames.front();
    must(!piece.bytes.empty());
    const auto part = piece.bytes.substr(0, most);
    if (piece.ping) {
      ping += part;
    } else {
      output.all += part;
    }
    if (piece.mqtt) output.mqtt += part;
    const auto size = part.size();
    frames.drop(size);
    must(frames.held() == held - size);
  }
  must(frames.front().bytes.empty());
  if (!ping.empty()) output.last_ping = ping;
  output.ended = frames.ended();
  if (frames.violation()) output.words = frames.violation()->words;
}

Output run(HttpRequest first, HttpRequest second, std::string_view head, std::string_view rest,
           std::size_t step, std::size_t most) {
  WebSocketFrames frames{max_packet};
  Output output;
  const auto give = [&](std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      const auto piece = bytes.substr(at, step);
      const bool ended = frames.ended();
      frames.add(piece);
      // Each packet of two bytes may get a header of two.
      must(frames.held() <= 2 * piece.size() + max_packet + longest_header + longest_ping + 65'536);
      must(!ended || frames.held() == 0);
      hand_out(frames, output, most);
    }
  };
  frames.asked(first);
  give(head);
  frames.asked(second);
  give(rest);
  return output;
}

/// What WebSocketFrames makes is legal for itself, and does not change any more.
void stays(const Output& output) {
  const auto again = run(HttpRequest::upgrade, HttpRequest::upgrade, {}, output.all, 1'000, 1'000);
  must(again.all == output.all && again.mqtt == output.mqtt && again.words.empty());
}

std::string sent_mqtt(std::string_view bytes, std::size_t step, bool skip) {
  SentFrames sent;
  std::string mqtt;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto piece = bytes.substr(at, step);
    for (;;) {
      const std::size_t skippable = skip ? mqtt.size() % 300 : 0;
      const auto part = sent.next(piece, skippable);
      if (part.empty()) break;
      mqtt += skip ? std::string(part.size(), 'x') : std::string{part};
    }
    must(piece.empty());
  }
  return mqtt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned how = data[0];
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  constexpr std::string_view upgraded =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Accept: "
      "a=\r\n\r\n";
  constexpr std::string_view tunnel = "HTTP/1.1 200 x\r\n\r\n";
  const std::size_t step = how >> 2 & 7;

  auto first = HttpRequest::upgrade;
  auto second = HttpRequest::upgrade;
  auto head = upgraded;
  if ((how & 3) == 1) head = {};
  if ((how & 3) == 2) first = HttpRequest::proxy, head = tunnel;
  if ((how & 3) == 3) first = second = HttpRequest::proxy, head = tunnel;
  const auto whole = run(first, second, head, bytes, bytes.size() + 100, 1 << 20);
  must(whole == run(first, second, head, bytes, 1 + step, 1 + step * 3));
  must(whole == run(first, second, head, bytes, 1 + step * 20, 1 << 20));
  must(whole.all.size() >= whole.mqtt.size());
  if ((how & 3) == 0) stays(whole);

  const auto sent = sent_mqtt(bytes, bytes.size() + 1, false);
  must(sent == sent_mqtt(bytes, 1 + step, false));
  must(sent.size() == sent_mqtt(bytes, 1 + step * 7, true).size());
  const auto framed = "GET / HTTP/1.1\r\n\r\n" + std::string{bytes};
  must(sent_mqtt(framed, framed.size(), false) == sent_mqtt(framed, 1 + step, false));
  return 0;
}
