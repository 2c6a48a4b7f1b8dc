// SPDX-License-Identifier: MIT

#include "connection/hooks/websocket.hpp"

#include "catch.hpp"

#include <string>
#include <vector>

using mqtt_tools::connection::WebSocketFrames;

namespace {

const std::string upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

std::string number(std::size_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>(value >> shift & 0xFF);
  }
  return text;
}

/// RFC 6455 §5.2
std::string frame(unsigned first, const std::string& payload) {
  const auto size = payload.size();
  return number(first, 1) +
         (size < 126     ? number(size, 1)
          : size < 65536 ? number(126, 1) + number(size, 2)
                         : number(127, 1) + number(size, 8)) +
         payload;
}

std::string binary(const std::string& payload) { return frame(0x82, payload); }

/// An MQTT packet with so long a body.
std::string packet(std::size_t size, char filling = 'm') {
  std::string text = "\x30";
  auto left = size;
  do {
    text += static_cast<char>((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return text + std::string(size, filling);
}

/// All that comes out when `bytes` come in pieces of `piece`.
std::string through(const std::string& bytes, std::size_t piece) {
  WebSocketFrames frames;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    frames.add(std::string_view{bytes}.substr(at, piece));
    std::string taken(frames.held(), '\0');
    taken.resize(frames.take(taken.data(), taken.size()));
    out += taken;
  }
  return out;
}

/// However the bytes come.
void becomes(const std::string& in, const std::string& out) {
  for (const std::size_t piece : {in.size(), std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    CAPTURE(piece);
    const bool same = through(in, piece) == out;  // No megabytes in a message.
    CHECK(same);
  }
}

}  // namespace

TEST_CASE("a frame that holds one packet stays as it is") {
  for (const std::size_t size :
       std::vector<std::size_t>{0, 1, 2, 122, 123, 124, 125, 127, 128, 16'383, 65'531, 65'532}) {
    CAPTURE(size);
    becomes(upgraded + binary(packet(size)), upgraded + binary(packet(size)));
  }
}

TEST_CASE("several packets in a frame get frames of their own") {
  const auto one = packet(3, 'a');
  const auto two = packet(200, 'b');
  const auto three = packet(0);
  becomes(upgraded + binary(one + two + three) + binary(one),
          upgraded + binary(one) + binary(two) + binary(three) + binary(one));
}

TEST_CASE("a packet in fragments, or over several frames, becomes one frame") {
  const auto whole = packet(300'000);
  const auto part = [&](std::size_t from, std::size_t size) { return whole.substr(from, size); };
  const auto rest = whole.size() - 70'001;
  becomes(upgraded + frame(0x02, part(0, 1)) + frame(0x00, part(1, 70'000)) + frame(0x00, "") +
              frame(0x80, part(70'001, rest)),
          upgraded + binary(whole));
  becomes(upgraded + binary(part(0, 1)) + binary(part(1, 70'000)) + binary(part(70'001, rest)),
          upgraded + binary(whole));
  const auto next = packet(2, 'n');
  becomes(upgraded + binary(part(0, 70'001)) + binary(part(70'001, rest) + next),
          upgraded + binary(whole) + binary(next));
}

TEST_CASE("frames of control go on as they are, also between fragments") {
  const auto ping = frame(0x89, "ping");
  const auto close = frame(0x88, "");
  const auto whole = packet(10);
  becomes(upgraded + ping + frame(0x02, whole.substr(0, 4)) + ping + frame(0x80, whole.substr(4)) +
              close,
          upgraded + ping + ping + binary(whole) + close);
}

TEST_CASE("of the answer to an upgrade only what matters goes on") {
  const std::string long_answer = "HTTP/1.1 101 OK\r\nServer: " + std::string(5'000, 's') +
                                  "\r\nconnection: Upgrade\r\nUPGRADE: websocket\r\nSet-Cookie: c"
                                  "\r\nSec-WebSocket-Accept: a=\r\n\r\n";
  becomes(long_answer + binary(packet(1)),
          "HTTP/1.1 101 OK\r\nconnection: Upgrade\r\nUPGRADE: websocket\r\n"
          "Sec-WebSocket-Accept: a=\r\n\r\n" +
              binary(packet(1)));
}

TEST_CASE("an answer of a proxy comes before that of the server") {
  const std::string proxied = "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n";
  becomes(proxied + upgraded + binary(packet(1) + packet(2)),
          proxied + upgraded + binary(packet(1)) + binary(packet(2)));
  becomes(proxied + packet(1) + packet(2), proxied + packet(1) + packet(2));
}

TEST_CASE("what is no upgrade goes through as it is") {
  const std::vector<std::string> texts{"HTTP/1.1 403 Forbidden\r\n\r\n<html>no</html>",
                                       std::string{"\x20\x02\x00\x00", 4}, "HELLO\r\n\r\n",
                                       "HTTP/" + std::string(70'000, 'x')};
  for (const auto& text : texts) {
    CAPTURE(text.substr(0, 50));
    becomes(text, text);
  }
}

TEST_CASE("frames that RFC 6455 does not allow, and packets that MQTT does not, are left to Paho") {
  const auto good = binary(packet(3));
  for (const auto& bad :
       {frame(0xC2, "reserved bit"), frame(0x83, "opcode 3"), frame(0x8B, "opcode 11"),
        number(0x82, 1) + number(0x83, 1) + "maskabc", frame(0x89, std::string(126, 'p'))}) {
    becomes(upgraded + good + bad + good, upgraded + good + bad + good);
  }
  const std::string endless = "\x30\xFF\xFF\xFF\xFF\xFF";
  WebSocketFrames frames;
  frames.add(upgraded + binary(endless));
  std::string taken(frames.held(), '\0');
  frames.take(taken.data(), taken.size());
  CHECK(taken == upgraded + binary(endless));
}

TEST_CASE("frames are taken in pieces of any size") {
  WebSocketFrames frames;
  const auto whole = upgraded + binary(packet(500)) + binary(packet(0));
  frames.add(upgraded + binary(packet(500) + packet(0)));
  CHECK(frames.held() == whole.size());
  std::string taken;
  for (std::size_t size = 1; frames.held() > 0; size = size * 2 + 1) {
    std::string piece(size, '\0');
    piece.resize(frames.take(piece.data(), piece.size()));
    REQUIRE_FALSE(piece.empty());
    taken += piece;
  }
  CHECK(taken == whole);
}
