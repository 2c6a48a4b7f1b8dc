// SPDX-License-Identifier: MIT

#include "connection/hooks/websocket.hpp"

#include "catch.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using mqtt_tools::connection::hooks::HttpRequest;
using mqtt_tools::connection::hooks::SentFrames;
using mqtt_tools::connection::hooks::WebSocketFrames;

namespace {

constexpr std::size_t max_packet = 1'000'000;

const std::string upgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: a=\r\n\r\n";
const std::string proxied = "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n";

std::string number(std::uint64_t value, int bytes) {
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

/// As a client sends it (RFC 6455 §5.3).
std::string masked(unsigned first, const std::string& payload) {
  const std::string mask = "\x5A\x01\xFF\x80";
  auto text = frame(first, payload);
  const auto header = text.size() - payload.size();
  text[1] = static_cast<char>(text[1] | 0x80);
  for (std::size_t at = 0; at < payload.size(); ++at) {
    text[header + at] = static_cast<char>(payload[at] ^ mask[at % 4]);
  }
  return text.insert(header, mask);
}

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

/// What came out, by kind.
struct Output {
  std::string all{};
  std::string mqtt{};
  std::string words{};
  std::string rule{};
  bool ended = false;
};

void hand_out(WebSocketFrames& frames, Output& output) {
  while (frames.held() > 0) {
    const auto piece = frames.front();
    REQUIRE_FALSE(piece.bytes.empty());
    output.all += piece.bytes;
    if (piece.mqtt) output.mqtt += piece.bytes;
    frames.drop(piece.bytes.size());
  }
  REQUIRE(frames.front().bytes.empty());
  output.ended = frames.ended();
  if (frames.violation()) {
    output.words = frames.violation()->words;
    output.rule = frames.violation()->rule;
  }
}

WebSocketFrames asked(HttpRequest request) {
  WebSocketFrames frames{max_packet};
  frames.asked(request);
  return frames;
}

/// What comes out when `bytes` come in two parts, or in pieces of that size.
Output in_parts(HttpRequest request, const std::string& bytes, std::size_t first,
                std::size_t piece) {
  auto frames = asked(request);
  Output output;
  const std::string_view text{bytes};
  frames.add(text.substr(0, first));
  hand_out(frames, output);
  for (auto at = first; at < bytes.size(); at += piece) {
    frames.add(text.substr(at, piece));
    hand_out(frames, output);
  }
  return output;
}

Output whole(const std::string& bytes) {
  return in_parts(HttpRequest::upgrade, bytes, bytes.size(), bytes.size());
}

bool operator==(const Output& one, const Output& other) {
  return one.all == other.all && one.mqtt == other.mqtt && one.words == other.words &&
         one.rule == other.rule && one.ended == other.ended;
}

/// However the bytes come, they become `out`.
void becomes(const std::string& in, const std::string& out,
             HttpRequest request = HttpRequest::upgrade) {
  const auto expected = in_parts(request, in, in.size(), in.size());
  const bool same_text = expected.all == out;  // No megabytes in a message.
  CHECK(same_text);
  CHECK(expected.words.empty());
  for (const std::size_t piece : {1, 2, 7, 16'384}) {
    CAPTURE(piece);
    const bool same = in_parts(request, in, 0, piece) == expected;
    CHECK(same);
  }
}

/// However the bytes come, only `legal` comes out, and what is wrong is said.
void is_refused(const std::string& in, const std::string& legal, const std::string& words,
                const std::string& rule, HttpRequest request = HttpRequest::upgrade) {
  CAPTURE(words);
  const auto expected = in_parts(request, in, in.size(), in.size());
  CHECK(expected.words == words);
  CHECK(expected.rule == rule);
  CHECK(expected.ended);
  const bool same_text = expected.all == legal;
  CHECK(same_text);
  const bool same = in_parts(request, in, 0, 1) == expected;
  CHECK(same);
  for (std::size_t at = 0; at <= std::min<std::size_t>(in.size(), 600); ++at) {
    const bool same_when_split = in_parts(request, in, at, in.size()) == expected;
    if (!same_when_split) FAIL_CHECK("another result when split at " << at);
  }
}

/// After good frames, and before more of them.
void is_refused_frame(const std::string& bad, const std::string& words, const std::string& rule) {
  const auto good = binary(packet(3));
  is_refused(upgraded + good + bad + good, upgraded + good, words, rule);
  is_refused(upgraded + bad, upgraded, words, rule);
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

TEST_CASE("empty frames and fragments are nothing") {
  becomes(upgraded + binary("") + frame(0x02, "") + frame(0x00, "") + frame(0x80, "") +
              binary(packet(1)),
          upgraded + binary(packet(1)));
}

TEST_CASE("what is of MQTT is told from headers, heads and control frames") {
  const auto one = packet(200'000, 'a');
  const auto two = packet(2, 'b');
  const auto output = whole(upgraded + frame(0x89, "ping") + binary(one + two) + frame(0x88, ""));
  const bool same = output.mqtt == one + two;
  CHECK(same);
  CHECK(output.ended);

  auto frames = asked(HttpRequest::upgrade);
  frames.add(upgraded + frame(0x89, "ping") + binary(two));
  CHECK(frames.front().head);
  CHECK(frames.front().bytes == upgraded);
  frames.drop(5);
  CHECK(frames.front().bytes == upgraded.substr(5));
  frames.drop(upgraded.size() - 5);
  CHECK(frames.front().ping);
  CHECK(frames.front().bytes == frame(0x89, "ping"));
  CHECK(frames.front().answered);
  frames.drop(6);
  CHECK(frames.front().bytes == binary(two).substr(0, 2));
  CHECK_FALSE(frames.front().mqtt);
  frames.drop(2);
  CHECK(frames.front().bytes == two);
  CHECK(frames.front().mqtt);
}

TEST_CASE("a packet up to 64 KiB comes in one piece, whatever came before it") {
  auto frames = asked(HttpRequest::upgrade);
  const auto large = packet(60'000);
  frames.add(upgraded + binary(packet(10'000)) + binary(large) + binary(large));
  std::size_t pieces = 0;
  for (; frames.held() > 0; ++pieces) frames.drop(frames.front().bytes.size());
  CHECK(pieces == 1 + 3 * 2);
}

TEST_CASE("a ping goes on as it is, also between fragments, and a pong goes nowhere") {
  const auto ping = frame(0x89, "ping");
  const auto pong = frame(0x8A, "pong");
  const auto packet_of_ten = packet(10);
  becomes(upgraded + pong + frame(0x02, packet_of_ten.substr(0, 4)) + ping + pong +
              frame(0x80, packet_of_ten.substr(4)) + pong,
          upgraded + ping + binary(packet_of_ten));
  becomes(upgraded + frame(0x89, "") + frame(0x8A, std::string(125, 'p')),
          upgraded + frame(0x89, ""));
}

TEST_CASE("of pings that wait only the last goes on, and never within a frame") {
  auto frames = asked(HttpRequest::upgrade);
  const auto data = binary(packet(300));
  frames.add(upgraded + data + data);
  frames.drop(upgraded.size());
  for (int i = 0; i < 100'000; ++i) frames.add(frame(0x89, std::to_string(i)));
  CHECK(frames.held() == 2 * data.size() + frame(0x89, "99999").size());
  CHECK(frames.front().bytes == frame(0x89, "99999"));
  frames.drop(frames.front().bytes.size());
  frames.drop(1);
  frames.add(frame(0x89, "late"));
  std::string taken;
  for (; frames.held() > 0; frames.drop(1)) taken += frames.front().bytes.front();
  const bool same = taken == data.substr(1) + frame(0x89, "late") + data;
  CHECK(same);
}

TEST_CASE("a ping that is handed out in part is not changed") {
  auto frames = asked(HttpRequest::upgrade);
  frames.add(upgraded);
  frames.drop(upgraded.size());
  frames.add(frame(0x89, "abc"));
  frames.drop(2);
  frames.add(frame(0x89, "other"));
  CHECK(frames.front().bytes == "abc");
  CHECK(frames.held() == 3);
}

TEST_CASE("after a close frame nothing counts") {
  for (const std::string payload : {"", "\x03\xE8", "\x03\xE9 going"}) {
    const auto close = frame(0x88, payload);
    becomes(upgraded + binary(packet(3) + packet(4).substr(0, 3)) + close + binary(packet(5)),
            upgraded + binary(packet(3)) + close);
    becomes(upgraded + close + frame(0xFF, "bad"), upgraded + close);
  }
}

TEST_CASE("of the answer to an upgrade only what matters goes on") {
  const std::string long_answer = "HTTP/1.1 101 OK\r\nServer: " + std::string(5'000, 's') +
                                  "\r\nconnection: Keep-Alive, Upgrade\r\nUPGRADE:WebSocket "
                                  "\r\nSet-Cookie: c\r\nSec-WebSocket-Protocol: mqtt\r\n"
                                  "Sec-WebSocket-Accept:\t a=\r\n\r\n";
  becomes(long_answer + binary(packet(1)),
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: a=\r\n\r\n" +
              binary(packet(1)));
}

TEST_CASE("an answer to an upgrade that is not as it must be is refused") {
  const auto refused = [](const std::string& from, const std::string& to, const std::string& flaw) {
    auto text = upgraded;
    text.replace(text.find(from), from.size(), to);
    is_refused(text + binary(packet(1)), "", "an answer to the WebSocket request " + flaw,
               "RFC 6455 §4.1");
  };
  refused("Upgrade: websocket\r\n", "", "without Upgrade: websocket");
  refused("Upgrade: websocket", "Upgrade: h2c", "without Upgrade: websocket");
  refused("Connection: Upgrade", "Connection: close", "without Connection: Upgrade");
  refused("Sec-WebSocket-Accept: a=", "X: y", "without Sec-WebSocket-Accept");
  refused("Accept: a=", "Accept: ", "without Sec-WebSocket-Accept");
  refused("\r\n\r\n", "\r\nsec-websocket-protocol: chat\r\n\r\n", "for another protocol");
  refused("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
          "with an extension");
}

TEST_CASE("after a proxy's 200 the bytes are plain MQTT") {
  const auto mqtt = packet(1) + packet(100'000) + "HTTP/1.1 101 \r\n\r\n";
  becomes(proxied + mqtt, proxied + mqtt, HttpRequest::proxy);
  const auto text = proxied + mqtt;
  const bool same = in_parts(HttpRequest::proxy, text, 0, 3).mqtt == mqtt;
  CHECK(same);
}

TEST_CASE("after a proxy's 200 a server answers the upgrade") {
  auto frames = asked(HttpRequest::proxy);
  Output output;
  frames.add(proxied);
  hand_out(frames, output);
  frames.asked(HttpRequest::proxy);  // Told again with every write.
  frames.asked(HttpRequest::upgrade);
  frames.add(upgraded + binary(packet(1) + packet(2)));
  hand_out(frames, output);
  CHECK(output.all == proxied + upgraded + binary(packet(1)) + binary(packet(2)));
  CHECK(output.mqtt == packet(1) + packet(2));

  // What comes before we asked is held for plain MQTT, so that it is looked at.
  auto early = asked(HttpRequest::proxy);
  early.add(proxied + upgraded);
  Output looked_at;
  hand_out(early, looked_at);
  CHECK(looked_at.mqtt == upgraded);
}

TEST_CASE("HTTP that nobody asked for is plain MQTT, to be looked at") {
  const auto text = upgraded + binary(packet(1)) + frame(0xC2, "");
  becomes(text, text, HttpRequest::none);
  CHECK(in_parts(HttpRequest::none, text, 0, 5).mqtt == text);
}

TEST_CASE("after an answer of HTTP that refuses nothing counts") {
  for (const std::string status :
       {"HTTP/1.1 403 Forbidden", "HTTP/1.1 200 OK", "HTTP/1.1 100 Continue"}) {
    CAPTURE(status);
    const auto head = status + "\r\nContent-Length: 5\r\n\r\n";
    becomes(head + "<html>" + upgraded + binary(packet(1)), head);
    CHECK(whole(head).ended);
  }
  // Paho would take these for an upgrade, to plain MQTT.
  for (const std::string status :
       {"HTTP/1.0 101 old", "HTTP/1.0 403 old", "HTTP/1.1\t101 tab", "HTTP/2 101", "HTTP/"}) {
    CAPTURE(status);
    becomes(status + "\r\n\r\n" + upgraded + binary(packet(1)),
            "HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n");
  }
  for (const std::string status : {"HTTP/1.1 407 Login", "HTTP/1.1 101 what", "HTTP/1.1 201 OK"}) {
    CAPTURE(status);
    becomes(status + "\r\n\r\n" + packet(1), status + "\r\n\r\n", HttpRequest::proxy);
  }
}

TEST_CASE("what is no answer of HTTP is refused") {
  const std::vector<std::string> texts{std::string{"\x20\x02\x00\x00", 4}, "HELLO\r\n\r\n",
                                       "SSH-2.0-OpenSSH_9.2p1\r\n", "HTTP 1.1 101 x\r\n\r\n",
                                       binary(packet(1))};
  for (const auto& text : texts) {
    is_refused(text, "", "bytes that are not an HTTP answer", "RFC 6455 §4.1");
    is_refused(text, "", "bytes that are not an HTTP answer", "RFC 9110 §9.3.6",
               HttpRequest::proxy);
  }
}

TEST_CASE("an endless answer of HTTP is refused") {
  const auto words = "an HTTP answer with a head of 64 KiB or more";
  is_refused("HTTP/1.1 101 " + std::string(70'000, 'x'), "", words, "RFC 9110 §5.4");
  is_refused("HTTP/1.1 101 OK\r\nA: " + std::string(65'536, 'x') + "\r\n\r\n", "", words,
             "RFC 9110 §5.4");
  is_refused("HTTP/1.0 200 OK\r\nA: " + std::string(65'536, 'x') + "\r\n\r\n", "", words,
             "RFC 9110 §5.4", HttpRequest::proxy);
}

TEST_CASE("reserved bits are refused") {
  for (const unsigned first : {0xC2U, 0xA2U, 0x92U, 0xF2U, 0x42U, 0xC9U, 0xA0U}) {
    CAPTURE(first);
    is_refused_frame(frame(first, "abc"), "a WebSocket frame with a reserved bit set",
                     "RFC 6455 §5.2");
  }
  // This one made Paho write behind its memory.
  is_refused_frame("\xC2\x7F" + std::string(60, '\xFF'),
                   "a WebSocket frame with a reserved bit set", "RFC 6455 §5.2");
}

TEST_CASE("a masked frame is refused") {
  const auto huge = number(0x827F, 2) + number(0x100000000, 6) + "\1\0\0";
  is_refused_frame(masked(0x82, packet(3)) + huge, "a masked WebSocket frame", "RFC 6455 §5.1");
  is_refused_frame(masked(0x89, ""), "a masked WebSocket frame", "RFC 6455 §5.1");
  is_refused_frame(masked(0x82, packet(70'000)), "a masked WebSocket frame", "RFC 6455 §5.1");
}

TEST_CASE("unknown opcodes are refused") {
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    is_refused_frame(frame(0x80 | opcode, "abc"),
                     "a WebSocket frame with the unknown opcode " + std::to_string(opcode),
                     "RFC 6455 §5.2");
  }
}

TEST_CASE("a text frame is refused") {
  is_refused_frame(frame(0x81, packet(3)), "a WebSocket text frame", "MQTT 5.0 §6");
  is_refused_frame(frame(0x01, ""), "a WebSocket text frame", "MQTT 5.0 §6");
}

TEST_CASE("fragments out of order are refused") {
  is_refused_frame(frame(0x80, packet(3)), "a WebSocket continuation frame without a first frame",
                   "RFC 6455 §5.4");
  is_refused_frame(frame(0x00, ""), "a WebSocket continuation frame without a first frame",
                   "RFC 6455 §5.4");
  const auto one = packet(3);
  const auto start = frame(0x02, one + one.substr(0, 1)) + frame(0x8A, "p");
  for (const unsigned first : {0x82U, 0x02U}) {
    is_refused(upgraded + start + frame(first, one), upgraded + binary(one),
               "a WebSocket message inside a fragmented one", "RFC 6455 §5.4");
  }
}

TEST_CASE("control frames in fragments, or too long, are refused") {
  for (const unsigned first : {0x08U, 0x09U, 0x0AU}) {
    is_refused_frame(frame(first, "ab"), "a fragmented WebSocket control frame", "RFC 6455 §5.5");
    const auto words = "a WebSocket control frame of more than 125 bytes";
    is_refused_frame(frame(0x80 | first, std::string(126, 'p')), words, "RFC 6455 §5.5");
    is_refused_frame(frame(0x80 | first, std::string(70'000, 'p')), words, "RFC 6455 §5.5");
  }
  is_refused_frame(frame(0x88, "\x03"), "a WebSocket close frame with half a status code",
                   "RFC 6455 §5.5.1");
}

TEST_CASE("lengths that are not written as RFC 6455 wants them are refused") {
  const auto words = "a WebSocket frame whose length is not written as short as possible";
  for (const std::uint64_t size : {0, 1, 125}) {
    is_refused_frame(number(0x827E, 2) + number(size, 2), words, "RFC 6455 §5.2");
  }
  for (const std::uint64_t size : {0, 126, 65'535}) {
    is_refused_frame(number(0x827F, 2) + number(size, 8), words, "RFC 6455 §5.2");
  }
  for (const std::uint64_t size : {0x8000000000000000U, 0xFFFFFFFFFFFFFFFFU}) {
    is_refused_frame(number(0x827F, 2) + number(size, 8), "a WebSocket frame of 2^63 bytes or more",
                     "RFC 6455 §5.2");
  }
}

TEST_CASE("a frame of any size may hold packets, and one packet only up to the limit") {
  const auto endless = number(0x827F, 2) + number(0x7FFFFFFFFFFFFFFF, 8);
  becomes(upgraded + endless + packet(2) + packet(300),
          upgraded + binary(packet(2)) + binary(packet(300)));
  const auto largest = packet(max_packet - 4);
  becomes(upgraded + endless + largest, upgraded + binary(largest));

  const auto words =
      "an MQTT packet of 1000001 bytes, and no more than 1000000 are taken "
      "(--max-packet)";
  const auto start = packet(max_packet - 3).substr(0, 4);
  is_refused(upgraded + endless + packet(2) + start, upgraded + binary(packet(2)), words,
             "MQTT 5.0 §3.1.2.11.4");
  is_refused(upgraded + binary(packet(2)) + binary(start), upgraded + binary(packet(2)), words,
             "MQTT 5.0 §3.1.2.11.4");
  auto frames = asked(HttpRequest::upgrade);
  frames.add(upgraded + binary(start));
  REQUIRE(frames.violation());
  CHECK(frames.violation()->too_large);
}

TEST_CASE("a packet length of more than four bytes is refused") {
  is_refused(upgraded + binary(packet(2) + "\x30\xFF\xFF\xFF\xFF\x01"),
             upgraded + binary(packet(2)), "an MQTT packet whose length has more than four bytes",
             "MQTT 5.0 §1.5.5");
}

TEST_CASE("what comes after a violation is not kept") {
  auto frames = asked(HttpRequest::upgrade);
  frames.add(upgraded + binary(packet(500'000).substr(0, 400'000)) + frame(0x83, ""));
  for (int i = 0; i < 100; ++i) frames.add(std::string(100'000, 'x'));
  CHECK(frames.held() == upgraded.size());
  frames.drop(upgraded.size());
  CHECK(frames.held() == 0);
  CHECK(frames.ended());
}

TEST_CASE("a flood of frames without a packet holds nothing") {
  auto frames = asked(HttpRequest::upgrade);
  frames.add(upgraded);
  frames.drop(upgraded.size());
  std::string flood;
  for (int i = 0; i < 1'000; ++i) flood += binary("") + frame(0x8A, "pong") + frame(0x89, "ping");
  frames.add(binary(packet(900'000).substr(0, 1'000)));
  for (int i = 0; i < 1'000; ++i) frames.add(flood);
  CHECK(frames.held() == frame(0x89, "ping").size());
  CHECK_FALSE(frames.violation());
}

TEST_CASE("frames are taken in pieces of any size") {
  const auto in = upgraded + binary(packet(500) + packet(0) + packet(200'000)) + frame(0x88, "");
  const auto out = upgraded + binary(packet(500)) + binary(packet(0)) + binary(packet(200'000)) +
                   frame(0x88, "");
  for (const std::size_t step : {1, 2, 3, 1'000, 65'535, 1'000'000}) {
    auto frames = asked(HttpRequest::upgrade);
    frames.add(in);
    CHECK(frames.held() == out.size());
    std::string taken;
    while (frames.held() > 0) {
      const auto piece = frames.front().bytes.substr(0, step);
      taken += piece;
      frames.drop(piece.size());
    }
    const bool same = taken == out;
    CHECK(same);
  }
  auto frames = asked(HttpRequest::upgrade);
  frames.add(in);
  frames.drop(out.size() + 100);  // More than there is.
  CHECK(frames.held() == 0);
}

namespace {

const std::string get = "GET /mqtt HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string tunnel = "CONNECT h:1883 HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string connect("\x10\x0E\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x01i", 17);

std::string mqtt_in(SentFrames& sent, std::string_view bytes, std::size_t skippable = 0) {
  std::string mqtt;
  for (auto next = sent.next(bytes, skippable); !next.empty(); next = sent.next(bytes, skippable)) {
    mqtt += next;
  }
  CHECK(bytes.empty());
  return mqtt;
}

void holds(const std::string& bytes, const std::string& mqtt, HttpRequest request) {
  for (const std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{3}, std::size_t{999}}) {
    CAPTURE(piece);
    SentFrames sent;
    std::string found;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      found += mqtt_in(sent, std::string_view{bytes}.substr(at, piece));
    }
    const bool same = found == mqtt;
    CHECK(same);
    CHECK(sent.request() == request);
  }
}

}  // namespace

TEST_CASE("MQTT is found in what is sent plainly") {
  holds(connect + packet(1'000), connect + packet(1'000), HttpRequest::none);
  holds(tunnel + connect + packet(3), connect + packet(3), HttpRequest::proxy);
  holds(get + connect + packet(3), connect + packet(3), HttpRequest::upgrade);
}

TEST_CASE("MQTT is found in the frames that are sent") {
  const auto frames = masked(0x82, connect) + masked(0x8A, "pong") + masked(0x8A, "") +
                      masked(0x82, packet(200)) + masked(0x02, packet(5).substr(0, 3)) +
                      masked(0x8A, "x") + masked(0x80, packet(5).substr(3)) +
                      masked(0x82, packet(70'000)) + masked(0x88, "\x03\xE8");
  const auto mqtt = connect + packet(200) + packet(5) + packet(70'000);
  holds(get + frames, mqtt, HttpRequest::upgrade);
  holds(tunnel + get + frames, mqtt, HttpRequest::upgrade);
  holds(get + frame(0x82, connect), connect, HttpRequest::upgrade);
}

TEST_CASE("a request is known before its answer can come") {
  SentFrames sent;
  CHECK(sent.request() == HttpRequest::none);
  CHECK(mqtt_in(sent, tunnel.substr(0, 1)).empty());
  CHECK(sent.request() == HttpRequest::proxy);
  CHECK(mqtt_in(sent, tunnel.substr(1)).empty());
  CHECK(mqtt_in(sent, get.substr(0, 10)).empty());
  CHECK(sent.request() == HttpRequest::upgrade);
}

TEST_CASE("bytes that are of no interest are counted and not unmasked") {
  SentFrames sent;
  CHECK(mqtt_in(sent, get).empty());
  const auto body = std::string(1'001, 'm');
  const auto bytes = masked(0x82, body) + masked(0x82, body);
  std::string_view rest{bytes};
  const auto masked_body = std::string_view{bytes}.substr(8);
  CHECK(sent.next(rest, 2) == masked_body.substr(0, 2));
  CHECK(sent.next(rest, 0) == body.substr(0, 256));
  CHECK(sent.next(rest, 5'000) == masked_body.substr(258, 1'001 - 258));
  CHECK(sent.next(rest, 3).size() == 3);
  CHECK(mqtt_in(sent, rest) == body.substr(3));
}
