// SPDX-License-Identifier: MIT

#include "connection/hooks/packet_guard.hpp"

#include "catch.hpp"
#include "connection/hooks/guarded.hpp"
#include "support/packet.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

// Packets that end too early, lengths that say too much, and the legal traffic of a whole session.

namespace mqtt_tools::connection::hooks {
namespace {

using support::encode_bytes;
using support::encode_number;
using support::encode_text;

/// A legal packet from the server, its remaining length in one byte.
struct Sample {
  std::string name;
  int version;
  std::string bytes;
  std::vector<std::size_t> legal_cuts{};  ///< Bodies of these sizes are legal, too.
  std::vector<std::size_t> lengths{};     ///< Where in the body two bytes of length stand.
  std::vector<std::size_t> property_lengths{};
};

const std::vector<Sample>& samples() {
  const auto text = reason_string("why");  // 6 bytes
  static const std::vector<Sample> all{
      {"CONNACK", 4, packet(0x20, raw({0, 0}))},
      {"CONNACK",
       5,
       packet(0x20, raw({0, 0}) + encode_bytes(text + raw({0x21, 0, 9}))),
       {},
       {4},
       {2}},
      {"CONNACK that refuses", 5, packet(0x20, raw({0, 0x87, 0})), {2}, {}, {2}},
      {"PUBLISH", 4, publish_3(0x30, "top", 0, "pay"), {5, 6, 7}, {0}},
      {"PUBLISH with QoS 1", 4, publish_3(0x32, "top", 7, "pay"), {7, 8, 9}, {0}},
      {"PUBLISH", 5, publish(0x30, "top", 0, "", "pay"), {6, 7, 8}, {0}, {5}},
      {"PUBLISH with QoS 2",
       5,
       publish(0x34, "top", 7, raw({2, 0, 0, 0, 9, 9}) + encode_text("id") + user_property(), ""),
       {},
       {0, 14, 19, 24},
       {7}},
      {"PUBACK", 4, with_id(0x40, 7)},
      {"PUBACK", 5, with_id(0x40, 7, raw({0}) + encode_bytes(text)), {2, 3}, {5}, {3}},
      {"PUBREC", 5, with_id(0x50, 8, raw({0}) + encode_bytes(text)), {2, 3}, {5}, {3}},
      {"PUBREL", 4, with_id(0x62, 9)},
      {"PUBREL", 5, with_id(0x62, 9, raw({0}) + encode_bytes(text)), {2, 3}, {5}, {3}},
      {"PUBCOMP", 5, with_id(0x70, 10, raw({0}) + encode_bytes(text)), {2, 3}, {5}, {3}},
      {"SUBACK", 4, with_id(0x90, 11, raw({0, 1}))},
      {"SUBACK", 5, with_id(0x90, 11, encode_bytes(text) + raw({0, 1})), {}, {4}, {2}},
      {"UNSUBACK", 4, with_id(0xB0, 12)},
      {"UNSUBACK", 5, with_id(0xB0, 12, encode_bytes(text) + raw({0, 17})), {}, {4}, {2}},
      {"DISCONNECT", 5, packet(0xE0, raw({0x8B}) + encode_bytes(text)), {0, 1}, {3}, {1}},
  };
  return all;
}

Setting setting_of(const Sample& sample) {
  const int v = sample.version;
  const auto ours = [&](int first, int id) {
    return v == 5 ? publish(first, "t", id, "") : publish_3(first, "t", id);
  };
  return {.version = v,
          .accepted = sample.name.rfind("CONNACK", 0) != 0,
          .ours = ours(0x32, 7) + ours(0x34, 8) + with_id(0x62, 10) + subscribe(v, 11, 2) +
                  subscribe(v, 12, 2, 0xA2)};
}

TEST_CASE("no packet may end before its fields do") {
  for (const auto& sample : samples()) {
    const auto setting = setting_of(sample);
    const auto body = sample.bytes.substr(2);
    takes(setting, sample.bytes);
    for (std::size_t size = 0; size < body.size(); ++size) {
      INFO("MQTT " << sample.version << ": " << sample.name << " with " << size << " bytes of "
                   << body.size());
      const auto& legal = sample.legal_cuts;
      const auto cut = packet(static_cast<unsigned char>(sample.bytes[0]), body.substr(0, size));
      const auto result = outcome(setting, cut);
      if (std::count(legal.begin(), legal.end(), size) > 0) {
        // A CONNACK of two bytes says no more than that it refuses.
        CHECK(result.words == "");
      } else {
        CHECK(result.words != "");
        CHECK(result.handed < cut.size());
      }
      // Ends the connection there, nothing is wrong with what came.
      CHECK(outcome(setting, sample.bytes.substr(0, size)).words == "");
    }
  }
}

TEST_CASE("no length may go past what it stands in") {
  for (const auto& sample : samples()) {
    const auto setting = setting_of(sample);
    const auto refused = [&](std::size_t at, const std::string& bytes) {
      INFO("MQTT " << sample.version << ": " << sample.name << " with another length at " << at);
      const auto result = outcome(setting, bytes);
      CHECK(result.words != "");
      CHECK(result.handed < bytes.size());
    };
    for (const auto at : sample.lengths) {
      auto bytes = sample.bytes;
      const auto length = static_cast<unsigned char>(bytes[at + 3]);
      const bool last_of_properties = at > 0;
      // One more is legal for a topic that is not the end: then what follows it moves.
      if (last_of_properties || sample.version == 4) {
        bytes[at + 3] = static_cast<char>(length + (at == 0 ? bytes.size() : 1));
        refused(at, bytes);
      }
      bytes[at + 2] = bytes[at + 3] = '\xFF';
      refused(at, bytes);
    }
    for (const auto at : sample.property_lengths) {
      auto bytes = sample.bytes;
      const bool payload_behind = sample.name == "PUBLISH";
      bytes[at + 2] = static_cast<char>(bytes.size() - 2 - at);
      refused(at, bytes);
      if (!payload_behind) {
        bytes = sample.bytes;
        ++bytes[at + 2];
        refused(at, bytes);
      }
      const auto largest = raw({0xFF, 0xFF, 0xFF, 0x7F});
      refused(at, packet(static_cast<unsigned char>(sample.bytes[0]),
                         sample.bytes.substr(2, at) + largest + sample.bytes.substr(at + 3)));
      refused(at, packet(static_cast<unsigned char>(sample.bytes[0]),
                         sample.bytes.substr(2, at) + raw({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F})));
    }
  }
}

TEST_CASE("no property may be cut short") {
  // The eight bytes that corrupt the heap of Paho 1.3.
  refuses({}, raw({0x30, 6, 0, 1, 't', 3, 0x23, 0}), 0x81, "MQTT 5.0 §2.2.2.1",
          "a PUBLISH with properties that are longer than the packet");
  refuses({.properties = raw({0x22, 0, 9})}, raw({0x30, 6, 0, 1, 't', 2, 0x23, 0}), 0x81,
          "MQTT 5.0 §2.2.2", "a PUBLISH with a topic-alias that is cut short");

  const auto text = encode_text("text");
  const std::vector<std::pair<int, std::string>> of_connack{{0x11, raw({0, 0, 0, 9})},
                                                            {0x12, text},
                                                            {0x13, raw({0, 9})},
                                                            {0x15, text},
                                                            {0x1A, text},
                                                            {0x1C, text},
                                                            {0x1F, text},
                                                            {0x21, raw({0, 9})},
                                                            {0x22, raw({0, 9})},
                                                            {0x24, raw({1})},
                                                            {0x25, raw({1})},
                                                            {0x26, text + text},
                                                            {0x27, raw({0, 0, 0, 9})},
                                                            {0x28, raw({1})},
                                                            {0x29, raw({1})},
                                                            {0x2A, raw({1})}};
  const std::vector<std::pair<int, std::string>> of_publish{
      {0x01, raw({1})}, {0x02, raw({0, 0, 0, 9})},    {0x03, text},        {0x08, text},
      {0x09, text},     {0x0B, raw({0x80, 0x80, 1})}, {0x23, raw({0, 9})}, {0x26, text + text}};
  const auto cut_each = [](const Setting& setting, const std::pair<int, std::string>& property,
                           const auto& in_packet) {
    const auto whole = raw({property.first}) + property.second;
    takes(setting, in_packet(whole));
    for (std::size_t size = 1; size < whole.size(); ++size) {
      INFO("property " << property.first << " with " << size << " bytes of " << whole.size());
      const auto bytes = in_packet(whole.substr(0, size));
      const auto result = outcome(setting, bytes);
      CHECK(result.words.find(" that is cut short") != std::string::npos);
      CHECK(result.handed < bytes.size());
    }
  };
  for (const auto& property : of_connack) {
    cut_each({.properties = raw({0x15}) + text, .accepted = false}, property,
             [](const std::string& bytes) {
               return packet(0x20, raw({0, 0}) + encode_bytes(bytes));
             });
  }
  for (const auto& property : of_publish) {
    cut_each({.properties = raw({0x22, 0, 9})}, property,
             [](const std::string& bytes) { return publish(0x30, "t", 0, bytes, ""); });
  }
}

TEST_CASE("a property stands only in the packets that MQTT names for it") {
  const auto properties_of_disconnect = std::vector<int>{0x1C, 0x1F, 0x26};
  for (int identifier = 0; identifier < 0x80; ++identifier) {
    const auto& known = properties_of_disconnect;
    const bool legal = std::count(known.begin(), known.end(), identifier) > 0;
    const auto value = identifier == 0x26 ? encode_text("a") + encode_text("b") : encode_text("a");
    const auto result =
        outcome({}, packet(0xE0, raw({0x8B}) + encode_bytes(raw({identifier}) + value)));
    INFO("property " << identifier);
    CHECK(result.words.empty() == legal);
  }
}

TEST_CASE("the legal traffic of a session passes byte for byte") {
  for (const int version : {3, 4, 5}) {
    const auto p = [&](int first, int id, const std::string& payload) {
      return version == 5 ? publish(first, "some/topic", id, user_property(), payload)
                          : publish_3(first, "some/topic", id, payload);
    };
    const bool five = version == 5;
    // Each step: what we send, and what comes for it.
    const std::vector<std::pair<std::string, std::string>> steps{
        {connect({.version = version}), connack(version)},
        {subscribe(version, 1, 2), with_id(0x90, 1, five ? raw({0, 0, 0x87}) : raw({0, 0x80}))},
        {"", p(0x31, 0, "retained") + p(0x30, 0, "") + p(0x32, 500, std::string(100'000, 'x'))},
        {with_id(0x40, 500), p(0x34, 500, "twice") + p(0x3A, 501, "again")},
        {with_id(0x50, 500) + with_id(0x40, 501), with_id(0x62, 500)},
        {with_id(0x70, 500) + packet(0xC0), packet(0xD0)},
        {p(0x30, 0, "out") + p(0x32, 2, std::string(70'000, 'y')), with_id(0x40, 2)},
        {p(0x34, 2, "out"), with_id(0x50, 2)},
        {with_id(0x62, 2), with_id(0x70, 2)},
        {subscribe(version, 3, 2, 0xA2), with_id(0xB0, 3, five ? raw({0, 0, 0x11}) : "")},
        {packet(0xE0), five ? packet(0xE0, raw({0x8E})) : ""},
    };
    for (const std::size_t piece : {1, 2, 3, 7, 1000, 1'000'000}) {
      PacketGuard guard{PacketGuard::Limits{}};
      const auto in_pieces = [&](const std::string& bytes, const auto& take) {
        for (std::size_t at = 0; at < bytes.size(); at += piece) take(bytes.substr(at, piece));
      };
      for (const auto& [out, in] : steps) {
        in_pieces(out, [&](const std::string& part) { guard.sent(part); });
        in_pieces(in, [&](const std::string& part) { CHECK(guard.received(part) == part.size()); });
        INFO("MQTT " << version << " in pieces of " << piece);
        REQUIRE_FALSE(guard.violation());
      }
    }
  }
}

TEST_CASE("payloads of ours need not be looked at") {
  const std::string payload(20'000'000, 'p');
  const auto guard = guard_after({});
  const auto out = publish(0x32, "t", 7, user_property(), payload);
  guard->sent(std::string_view(out).substr(0, 20));
  CHECK(guard->skippable() == out.size() - 20);
  guard->sent(std::string_view(out).substr(20));
  CHECK(guard->skippable() == 0);
  const auto answer = with_id(0x40, 7);
  CHECK(guard->received(answer) == answer.size());

  // A will and a login stand behind what matters of CONNECT.
  PacketGuard connecting{PacketGuard::Limits{}};
  const auto hello = packet(0x10, encode_text("MQTT") + raw({5, 4}) + encode_number(60) +
                                      encode_bytes(raw({0x22, 0, 9})) + std::string(70'000, 'w'));
  connecting.sent(std::string_view(hello).substr(0, 30));
  CHECK(connecting.version() == 5);
  CHECK(connecting.skippable() == hello.size() - 30);
}

TEST_CASE("what we send wrongly does no harm") {
  for (const auto& bytes :
       {packet(0x10), packet(0x10, raw({0})), packet(0x10, raw({0xFF, 0xFF, 5})),
        packet(0x10, encode_text("MQTT") + raw({5, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF})), packet(0x32),
        packet(0x32, raw({0})), packet(0x32, raw({0xFF, 0xFF, 0, 1})), packet(0x40),
        packet(0x62, raw({1})), packet(0x82), packet(0x82, raw({0, 7, 0, 0xFF, 0xFF, 1})),
        packet(0xA2, raw({0, 7, 9})), packet(0x00), packet(0xF0, raw({1, 2, 3}))}) {
    for (const auto& setting : {Setting{}, Setting{.version = 4}}) {
      const auto guard = guard_after(setting);
      guard->sent(bytes);
      CHECK(guard->skippable() == 0);
      guard->sent(packet(0xC0));
      CHECK(guard->received(packet(0xD0)) == 2);
    }
  }
  const auto guard = guard_after({});
  guard->sent(raw({0x30, 0xFF, 0xFF, 0xFF, 0xFF}) + packet(0xC0));
  CHECK(guard->skippable() > 1'000'000);
  CHECK(guard->received(packet(0xD0)) == 1);
}

}  // namespace
}  // namespace mqtt_tools::connection::hooks
