// SPDX-License-Identifier: MIT

#include "connection/hooks/guarded.hpp"

#include "catch.hpp"
#include "support/packet.hpp"

namespace mqtt_tools::connection::hooks {

using support::encode_byte;
using support::encode_bytes;
using support::encode_length;
using support::encode_number;
using support::encode_text;

std::string raw(const std::vector<int>& bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

std::string packet(int first, const std::string& body) {
  return encode_byte(first) + encode_length(body.size()) + body;
}

std::string connect(const Setting& setting) {
  return packet(0x10, encode_text(setting.version == 3 ? "MQIsdp" : "MQTT") +
                          encode_byte(setting.version) + encode_byte(setting.flags) +
                          encode_number(60) +
                          (setting.version == 5 ? encode_bytes(setting.properties) : "") +
                          encode_text("client"));
}

std::string connack(int version) {
  return packet(0x20, version == 5 ? raw({0, 0, 0}) : raw({0, 0}));
}

std::unique_ptr<PacketGuard> guard_after(const Setting& setting) {
  auto guard = std::make_unique<PacketGuard>(setting.limits);
  guard->sent(connect(setting));
  const auto answer = connack(setting.version);
  if (setting.accepted) REQUIRE(guard->received(answer) == answer.size());
  guard->sent(setting.ours);
  return guard;
}

namespace {

/// What becomes of `bytes` when the first `split` of them come in one piece and the rest in
/// another; 0: each alone.
Outcome outcome(const Setting& setting, std::string_view bytes, std::size_t split) {
  const auto guard = guard_after(setting);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto piece = bytes.substr(at, split == 0 ? 1 : at == 0 ? split : bytes.size());
    const auto handed = guard->received(piece);
    outcome.handed += handed;
    if (guard->violation()) {
      CHECK(guard->received(bytes) == 0);
      break;
    }
    REQUIRE(handed == piece.size());
    at += piece.size();
  }
  if (const auto& violation = guard->violation()) {
    outcome.words = violation->words;
    outcome.rule = violation->rule;
    outcome.reason = violation->reason;
  }
  return outcome;
}

}  // namespace

Outcome outcome(const Setting& setting, std::string_view bytes) {
  auto whole = outcome(setting, bytes, bytes.size());
  for (std::size_t split = 0; split < bytes.size(); ++split) {
    if (outcome(setting, bytes, split) == whole) continue;
    INFO("in two pieces, the first of " << split << " bytes");
    CHECK(outcome(setting, bytes, split).words == whole.words);
    CHECK(outcome(setting, bytes, split).handed == whole.handed);
  }
  return whole;
}

void takes(const Setting& setting, const std::string& bytes) {
  const auto result = outcome(setting, bytes);
  CHECK(result.words == "");
  CHECK(result.handed == bytes.size());
}

void refuses(const Setting& setting, const std::string& bytes, int reason, const std::string& rule,
             const std::string& words) {
  const auto result = outcome(setting, bytes);
  CHECK(result.words == words);
  CHECK(result.rule == rule);
  CHECK(result.reason == reason);
  CHECK(result.handed < bytes.size());
}

std::string publish(int first, const std::string& topic, int id, const std::string& properties,
                    const std::string& payload) {
  return packet(first, encode_text(topic) + ((first & 6) != 0 ? encode_number(id) : "") +
                           encode_bytes(properties) + payload);
}

std::string publish_3(int first, const std::string& topic, int id, const std::string& payload) {
  return packet(first, encode_text(topic) + ((first & 6) != 0 ? encode_number(id) : "") + payload);
}

std::string with_id(int first, int id, const std::string& rest) {
  return packet(first, encode_number(id) + rest);
}

std::string subscribe(int version, int id, std::size_t filters, int first) {
  std::string body = encode_number(id) + (version == 5 ? encode_bytes("") : "");
  for (std::size_t filter = 0; filter < filters; ++filter) {
    body += encode_text("a/#") + (first == 0x82 ? encode_byte(1) : "");
  }
  return packet(first, body);
}

std::string reason_string(const std::string& text) { return "\x1F" + encode_text(text); }

std::string user_property() { return "\x26" + encode_text("key") + encode_text("value"); }

}  // namespace mqtt_tools::connection::hooks
