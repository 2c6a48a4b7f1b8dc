// SPDX-License-Identifier: MIT

#include "connection/hooks/packet_guard.hpp"

#include "connection/hooks/packet_fields.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

// Both directions of a connection, what is learned from ours, and what others ask. What the server
// sends is judged in packet_guard_checks.cpp.

namespace mqtt_tools::connection::hooks {

namespace {

constexpr std::size_t most_remarks = 4096;
constexpr std::size_t most_remark_bytes = std::size_t{64} * 1024;

/// A buffer above this is given back after its packet.
constexpr std::size_t kept_buffer = std::size_t{64} * 1024;

/// What words begin with: "a PUBACK".
std::string with_article(PacketType type) {
  const auto name = packet_name(type);
  return (name.front() == 'A' || name.front() == 'U' ? "an " : "a ") + name;
}

/// PUBACK, PUBREC, PUBREL, PUBCOMP.
bool is_acknowledgement(PacketType type) {
  return type >= PacketType::puback && type <= PacketType::pubcomp;
}

}  // namespace

std::string packet_name(PacketType type) {
  constexpr std::array<const char*, 16> names{
      "packet of type 0", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
      "PUBREL",           "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
      "PINGREQ",          "PINGRESP", "DISCONNECT", "AUTH"};
  return names.at(static_cast<std::size_t>(type));
}

void PacketGuard::sent(std::string_view bytes) {
  if (!lost_) follow(out_, bytes);
}

std::size_t PacketGuard::received(std::string_view bytes) {
  return violation_ ? 0 : follow(in_, bytes);
}

/// How many of `bytes` are legal.
std::size_t PacketGuard::follow(Reader& reader, std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (reader.skip > 0) {
      const auto passed = std::min(reader.skip, bytes.size() - at);
      if (inbound(reader) && arriving_) arriving_->payload.append(bytes.substr(at, passed));
      reader.skip -= passed;
      at += passed;
      if (inbound(reader)) end_arrival();
    } else if (reader.part == Reader::Part::head) {
      at += take_head(reader, bytes.substr(at));
      if (inbound(reader) && violation_) return at;
    } else {
      if (!take_header(reader, static_cast<std::uint8_t>(bytes[at]))) return at;
      ++at;
    }
  }
  return at;
}

bool PacketGuard::take_header(Reader& reader, std::uint8_t byte) {
  if (reader.part == Reader::Part::first_byte) {
    reader.first = byte;
    reader.digits = 0;
    reader.remaining = 0;
    reader.id = 0;
    reader.part = Reader::Part::length;
    return !inbound(reader) || check_first();
  }
  reader.remaining |= (byte & 0x7FU) << (7U * reader.digits);
  ++reader.digits;
  if (byte >= 0x80) {
    if (reader.digits < 4) return true;
    if (inbound(reader)) {
      return fail(0x81, "§2.1.4", "§2.2.3", " with a remaining length of more than four bytes");
    }
    lost_ = true;
    return false;
  }
  if (inbound(reader) && !(check_length(byte) && check_memory())) return false;
  reader.part = Reader::Part::head;
  // A packet without a body is judged before its last byte is handed over, as all others are.
  return find_head(reader, {}) && (reader.needed > 0 || finish(reader, {}));
}

bool PacketGuard::check_memory() {
  const auto size = in_.packet_size();
  if (!limits_.memory_for || limits_.memory_for(size)) return true;
  fail(0x97, "§4.13", " of " + std::to_string(size) + " bytes, for which there is no memory");
  violation_->no_memory_for = size;
  violation_->acknowledgement_due = in_.type() == PacketType::publish && in_.qos() > 0;
  return false;
}

/// Gathers the head of a packet, or reads it where it lies when all of it is in `bytes`. How many
/// of `bytes` are legal; never more than belong to the head.
std::size_t PacketGuard::take_head(Reader& reader, std::string_view bytes) {
  const auto before = reader.head.size();
  for (;;) {
    const auto here = std::min(reader.needed - before, bytes.size());
    const bool enough = before + here == reader.needed;
    if (before > 0 || !enough) {
      const auto gathered = reader.head.size() - before;
      reader.head.append(bytes.substr(gathered, here - gathered));
    }
    if (!enough) return here;
    const auto begun = before > 0 ? std::string_view(reader.head) : bytes;
    if (!find_head(reader, begun)) return reader.needed - before - 1;
    if (reader.needed > begun.size()) continue;
    const auto size = reader.needed - before;
    return finish(reader, begun.substr(0, reader.needed)) ? size : size - 1;
  }
}

/// Sets `needed` to the size of the head, or to what must be there before more is known of it, as
/// far as `begun` goes. What fails does so at the byte before `needed`, however the bytes were cut.
bool PacketGuard::find_head(Reader& reader, std::string_view begun) {
  const std::size_t all = reader.remaining;
  const bool ours = !inbound(reader);
  const auto type = reader.type();
  const bool publish = type == PacketType::publish;
  reader.needed = all;
  if (!publish && type != PacketType::connect) {
    const bool whole = !ours || type == PacketType::subscribe || type == PacketType::unsubscribe;
    // Of an acknowledgement the id and the reason code.
    if (!whole) reader.needed = is_acknowledgement(type) ? std::min<std::size_t>(all, 3) : 0;
    return true;
  }
  begun = begun.substr(0, all);
  reader.needed = std::min<std::size_t>(all, 2);
  if (begun.size() < 2) return true;
  // Behind a topic an id, behind the name of the protocol level, flags and keep alive.
  const std::size_t more = !publish ? 4 : reader.qos() > 0 ? 2 : 0;
  const auto before = 2 + Fields(begun).two() + more;
  if (before > all && !ours) {
    return fail(0x81, "§3.3.2.1", " with a topic that is longer than the packet");
  }
  reader.needed = std::min(before, all);
  if (begun.size() < before) return true;
  if (publish ? version_ < 5 || ours : begun[before - 4] != 5) return true;
  std::size_t length = 0;
  for (unsigned digits = 0; digits < 4 && before + digits < all; ++digits) {
    reader.needed = before + digits + 1;
    if (begun.size() < reader.needed) return true;
    const auto digit = static_cast<unsigned char>(begun[before + digits]);
    length |= (digit & 0x7FU) << (7 * digits);
    if (digit >= 0x80) continue;
    if (reader.needed + length > all) break;
    reader.needed += length;
    return true;
  }
  return ours || fail(0x81, "§2.2.2.1", " with properties that are longer than the packet");
}

bool PacketGuard::finish(Reader& reader, std::string_view head) {
  if (!inbound(reader)) {
    learn(head);
  } else if (!check(head)) {
    return false;
  }
  if (limits_.tell) tell(reader);
  reader.skip = reader.remaining - reader.needed;
  reader.part = Reader::Part::first_byte;
  reader.head.clear();
  if (reader.head.capacity() > kept_buffer) std::string().swap(reader.head);
  if (inbound(reader)) end_arrival();
  return true;
}

void PacketGuard::tell(const Reader& reader) const {
  const auto type = reader.type();
  if (is_acknowledgement(type) || type == PacketType::pingreq || type == PacketType::pingresp) {
    limits_.tell(!inbound(reader), type, reader.id);
  }
}

void PacketGuard::end_arrival() {
  if (in_.skip > 0) return;
  begun_ = 0;
  if (!arriving_) return;
  arrived_.push_back(std::move(*arriving_));
  arriving_.reset();
}

bool PacketGuard::fail(std::uint8_t reason, std::string_view section, std::string_view section_of_3,
                       const std::string& words) {
  const bool five = version_ == 5 || version_ == 0;
  refuse({.words = with_article(in_.type()) + words,
          .rule = (five ? "MQTT 5.0 " : "MQTT 3.1.1 ") + std::string(five ? section : section_of_3),
          .reason = reason});
  return false;
}

void PacketGuard::refuse(Violation violation) {
  if (!violation_) violation_ = std::move(violation);
}

void PacketGuard::learn(std::string_view head) {
  const auto type = out_.type();
  Fields fields(head);
  switch (type) {
    case PacketType::connect:
      return learn_connect(head);
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return learn_subscription(head);
    case PacketType::pingreq:
      ++pings_;
      return;
    case PacketType::publish:
      fields.counted();
      if (out_.qos() == 0) return;
      break;
    default:
      if (!is_acknowledgement(type)) return;
  }
  const auto id = out_.id = fields.two();
  if (fields.cut()) return;
  // Before MQTT 5 there is none, and an id is in use until the server's PUBREL.
  const auto code = version_ < 5 || fields.rest().empty() ? std::uint8_t{0} : fields.byte();
  if (type == PacketType::publish) {
    await(id, out_.qos() == 1 ? PacketType::puback : PacketType::pubrec);
  } else if (type == PacketType::pubrel) {
    await(id, PacketType::pubcomp);
  } else {
    acknowledged_ = true;
    if (type == PacketType::pubrec && code < 0x80) return;
    // The quota of the server, by its own rules (MQTT 5.0 §4.9): more than it began with it never
    // has, for it sends a PUBREL of an earlier connection, too.
    if (unacknowledged_ > 0) --unacknowledged_;
    if (type == PacketType::pubrec) release(id);
  }
}

void PacketGuard::learn_connect(std::string_view head) {
  Fields fields(head);
  fields.counted();
  const int level = fields.byte();
  const auto flags = fields.byte();
  const auto keep_alive = fields.two();
  if (fields.cut() || level < 3 || level > 5 || version_ != 0) return;
  version_ = level;
  keep_alive_ = keep_alive;
  phase_ = Phase::connack;
  clean_start_ = (flags & 2U) != 0;
  will_ = (flags & 4U) != 0;
  if (level < 5) return;
  Properties properties;
  // The user may have said what MQTT does not allow (-D); then the broker judges it.
  read_properties(fields.take(fields.variable()), PacketType::connect, properties);
  receive_maximum_ = std::max(properties.receive_maximum, std::uint32_t{1});
  topic_alias_maximum_ = properties.topic_alias_maximum;
  authenticates_ = properties.authentication_method.data() != nullptr;
  max_packet_ = std::min<std::size_t>(max_packet_, properties.maximum_packet_size);
}

void PacketGuard::learn_subscription(std::string_view head) {
  const bool subscribe = out_.type() == PacketType::subscribe;
  Fields fields(head);
  const auto id = fields.two();
  if (version_ == 5) fields.take(fields.variable());
  std::size_t filters = 0;
  while (!fields.rest().empty()) {
    fields.counted();
    if (subscribe) fields.byte();
    ++filters;
  }
  if (fields.cut()) return;
  await(id, subscribe ? PacketType::suback : PacketType::unsuback);
  filters_[id] = filters;
}

/// Paho counts its ids up from 1: memory is taken for those that were used.
void PacketGuard::await(std::uint16_t id, PacketType answer) {
  if (id >= awaited_.size()) awaited_.resize(id + std::size_t{1});
  awaited_[id] = answer;
}

/// A QoS 2 message that came on this connection or an earlier one is no longer the server's to
/// repeat.
void PacketGuard::release(std::uint16_t id) {
  carried_.erase(id);
  const auto released = unreleased_.extract(id);
  if (!released.empty()) unreleased_bytes_ -= released.mapped();
}

void PacketGuard::remark(std::uint8_t code, const Properties& properties) {
  const bool said = !properties.reason_string.empty() || !properties.server_reference.empty();
  if (code == 0 && !said) return;
  take_remark(in_.type(), in_.id);  // The new one takes its place.
  auto& entry = remarks_.emplace_back(KeptRemark{in_.type(), in_.id, {}});
  entry.remark.code = code;
  entry.remark.reason = properties.reason_string;
  // Both have a length of two bytes: the first always fits.
  if (entry.size() + properties.server_reference.size() <= most_remark_bytes) {
    entry.remark.server_reference = properties.server_reference;
  }
  remarks_bytes_ += entry.size();
  while (remarks_.size() > most_remarks || remarks_bytes_ > most_remark_bytes) {
    remarks_bytes_ -= remarks_.front().size();
    remarks_.pop_front();
  }
}

std::optional<PacketGuard::Remark> PacketGuard::take_remark(PacketType packet, std::uint16_t id) {
  // From the end: nearly always it is asked for as soon as it has come.
  const auto found = std::find_if(remarks_.rbegin(), remarks_.rend(), [&](const KeptRemark& kept) {
    return kept.packet == packet && kept.id == id;
  });
  if (found == remarks_.rend()) return std::nullopt;
  remarks_bytes_ -= found->size();
  auto taken = std::move(found->remark);
  remarks_.erase(std::next(found).base());
  return taken;
}

std::string_view PacketGuard::topic_of(std::uint16_t alias) const {
  const auto known = topics_.find(alias);
  return known == topics_.end() ? std::string_view() : known->second;
}

PacketGuard::Ids PacketGuard::unreleased() const {
  auto all = carried_;
  for (const auto& [id, size] : unreleased_) {
    if (id != begun_) all.insert(id);
  }
  return all;
}

}  // namespace mqtt_tools::connection::hooks
