// SPDX-License-Identifier: MIT

#include "connection/hooks/packet_guard.hpp"
#include "fuzz.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A conversation, in which the input says what either side sends. The guard sees it three times:
// chunk by chunk, byte by byte, and with each chunk cut in two. It must find the same each time.

namespace {

using fuzz::must;
using mqtt_tools::connection::hooks::PacketGuard;
using mqtt_tools::connection::hooks::PacketType;

struct Chunk {
  bool ours = false;
  std::string bytes{};
  std::size_t split = 0;
};

std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8 & 0xFF), static_cast<char>(number & 0xFF)};
}

/// Without one that is whole nothing else is looked at: so most conversations begin with it.
std::string connect(unsigned version, unsigned flags, std::string_view properties) {
  std::string body = two_bytes(4) + "MQTT";
  body += static_cast<char>(version);
  body += static_cast<char>(flags);
  body += two_bytes(60);
  if (version == 5) {
    body += static_cast<char>(properties.size());
    body += properties;
  }
  body += two_bytes(0);
  std::string packet = "\x10";
  packet += static_cast<char>(body.size());
  return packet + body;
}

struct Conversation {
  bool resumes = false;  ///< There are ids of an earlier connection.
  std::vector<Chunk> chunks{};
};

Conversation conversation_in(fuzz::Input& input) {
  Conversation conversation;
  auto& chunks = conversation.chunks;
  const auto setting = input.byte();
  const auto properties = input.take(input.byte() % 64);
  conversation.resumes = (setting & 16U) != 0;
  if (setting < 0xF0) {
    const auto version = 3 + setting % 3;
    chunks.push_back({.ours = true, .bytes = connect(version, setting >> 4 & 2U, properties)});
    std::string connack(version == 5 ? "\x20\x03\x00\x00\x00" : "\x20\x02\x00\x00",
                        version == 5 ? 5 : 4);
    if (setting % 5 != 0) chunks.push_back({.bytes = std::move(connack), .split = 2});
  }
  while (!input.empty()) {
    const auto head = input.byte();
    Chunk chunk;
    chunk.ours = (head & 1U) != 0;
    chunk.bytes = input.take(head >> 1);
    chunk.split = chunk.bytes.empty() ? 0 : input.byte() % chunk.bytes.size();
    chunks.push_back(std::move(chunk));
  }
  return conversation;
}

/// What a guard found, and all that it can be asked.
struct Finding {
  std::size_t handed = 0;
  std::optional<std::string> violation{};
  std::string rest{};
  bool operator==(const Finding&) const = default;
};

enum class Cut { no, in_two, bytes };

std::vector<std::string_view> cut(const Chunk& chunk, Cut how) {
  const std::string_view all = chunk.bytes;
  if (how == Cut::no) return {all};
  if (how == Cut::in_two) return {all.substr(0, chunk.split), all.substr(chunk.split)};
  std::vector<std::string_view> each;
  for (std::size_t at = 0; at < all.size(); ++at) each.push_back(all.substr(at, 1));
  return each;
}

Finding follow(const Conversation& conversation, Cut how) {
  PacketGuard guard({.max_packet = 4000, .max_unreleased = 300});
  if (conversation.resumes) guard.resume({0, 1, 7});
  Finding finding;
  for (const auto& chunk : conversation.chunks) {
    for (const auto piece : cut(chunk, how)) {
      // A copy of its own, so that the address sanitizer sees each read beyond it.
      const std::vector<char> bytes(piece.begin(), piece.end());
      if (chunk.ours) {
        const auto skippable = guard.skippable();
        guard.sent({bytes.data(), bytes.size()});
        must(skippable <= bytes.size() || guard.skippable() >= skippable - bytes.size());
        continue;
      }
      const bool over = guard.violation().has_value();
      const auto handed = guard.received({bytes.data(), bytes.size()});
      must(handed <= bytes.size());
      must(!over || handed == 0);
      must(guard.violation() || handed == bytes.size());
      finding.handed += handed;
    }
  }
  if (const auto& violation = guard.violation()) {
    must(!violation->words.empty() && violation->rule.rfind("MQTT ", 0) == 0);
    must(violation->reason >= 0x80);
    finding.violation = violation->rule + ": " + violation->words;
  }
  for (const auto id : guard.unreleased()) finding.rest += std::to_string(id) + "|";
  for (const auto& message : guard.take_arrived()) {
    finding.rest += std::to_string(message.id) + message.topic + message.payload + "|";
  }
  for (unsigned type = 0; type < 16; ++type) {
    for (const auto id : std::array<std::uint16_t, 4>{0, 1, 7, 256}) {
      const auto remark = guard.take_remark(static_cast<PacketType>(type), id);
      if (remark) finding.rest += remark->reason + remark->server_reference + "|";
    }
  }
  for (const auto alias : std::array<std::uint16_t, 3>{0, 1, 256})
    finding.rest += guard.topic_of(alias);
  finding.rest += guard.given_before(7) ? "given" : "";
  finding.rest += guard.accepted() ? "accepted" : "";
  return finding;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{fuzz::text_of(data, size)};
  const auto conversation = conversation_in(input);
  const auto whole = follow(conversation, Cut::no);
  must(follow(conversation, Cut::in_two) == whole);
  must(follow(conversation, Cut::bytes) == whole);
  return 0;
}
