// SPDX-License-Identifier: MIT

#include "connection/hooks/packet_fields.hpp"
#include "connection/hooks/packet_guard.hpp"
#include "connection/reason_code.hpp"
#include "text.hpp"

// What the server sends, and what MQTT says of it. Section numbers are those of MQTT 5.0 and, where
// they differ, of MQTT 3.1.1, which stands for 3.1, too.

namespace mqtt_tools::connection::hooks {

namespace {

constexpr std::uint8_t malformed = 0x81;
constexpr std::uint8_t protocol_error = 0x82;
constexpr std::uint8_t receive_maximum_exceeded = 0x93;
constexpr std::uint8_t topic_alias_invalid = 0x94;
constexpr std::uint8_t packet_too_large = 0x95;
constexpr std::uint8_t quota_exceeded = 0x97;

constexpr std::uint8_t unsupported_version = 0x84;

/// What all topics that aliases stand for may take.
constexpr std::size_t most_topic_bytes = std::size_t{16} * 1024 * 1024;

bool is_error(std::uint8_t code) { return code >= 0x80; }

/// "§3.4" for PUBACK: the sections of chapter 3 are numbered as the packets are.
std::string section_of(PacketType type, std::string_view rest = "") {
  return "§3." + std::to_string(static_cast<unsigned>(type)) + std::string(rest);
}

/// Whether all is ASCII that may stand in a topic: nearly all topics, and told at once.
bool is_plain_topic(std::string_view topic) {
  bool plain = true;
  // Without a way out early, which costs more than it saves.
  for (const char c : topic) plain &= c > 0 && c != '+' && c != '#';
  return plain;
}

/// Where it is said what answers what.
std::string section_of_exchange(PacketType answer) {
  switch (answer) {
    case PacketType::puback:
      return "§4.3.2";
    case PacketType::suback:
      return "§3.8.4";
    case PacketType::unsuback:
      return "§3.10.4";
    default:
      return "§4.3.3";
  }
}

/// Whether a packet can have this remaining length.
bool is_length(std::size_t length, PacketType type, unsigned qos, bool v5) {
  switch (type) {
    case PacketType::publish:
      return length >= std::size_t{2} + (qos > 0 ? 2 : 0) + (v5 ? 1 : 0);
    case PacketType::suback:
      return length >= (v5 ? 4U : 3U);
    case PacketType::unsuback:
      return v5 ? length >= 4 : length == 2;
    case PacketType::connack:
      return length >= 2;
    case PacketType::pingresp:
      return length == 0;
    case PacketType::disconnect:
      return true;
    default:  // PUBACK and its like.
      return v5 ? length >= 2 : length == 2;
  }
}

}  // namespace

bool PacketGuard::check_first() {
  const auto type = in_.type();
  if (type == nothing) return fail(malformed, "§2.1.2", "§2.2.1", ", which does not exist");
  switch (type) {
    case PacketType::disconnect:
      if (version_ == 5 || version_ == 0) break;
      return fail(protocol_error, "§3.14", ", which only a client may send");
    case PacketType::auth:
      if (version_ != 5 && version_ != 0) {
        return fail(malformed, "§2.2.1", ", which MQTT 3.1.1 does not have");
      }
      return fail(protocol_error, "§4.12",
                  authenticates_ ? ", but enhanced authentication is not supported here"
                                 : ", but we asked for no enhanced authentication");
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
      return fail(protocol_error, "§2.1.2", "§2.2.1", ", which only a client may send");
    default:
      break;
  }
  switch (phase_) {
    case Phase::unasked:
      return fail(protocol_error, "§3.2", " before our CONNECT");
    case Phase::connack:
      if (type != PacketType::connack) return fail(protocol_error, "§3.2", " before CONNACK");
      break;
    case Phase::packets:
      if (type == PacketType::connack) return fail(protocol_error, "§3.2", " a second time");
      break;
    case Phase::nothing_after_refusal:
      return fail(protocol_error, "§3.2.2.2", "§3.2.2.3", " after it had refused the connection");
    case Phase::nothing_after_disconnect:
      return fail(protocol_error, "§3.14.4", " after its DISCONNECT");
  }
  if (type == PacketType::publish) {
    if (in_.qos() == 3) return fail(malformed, "§3.3.1.2", " with QoS 3");
    if (in_.qos() == 0 && in_.duplicate()) {
      return fail(malformed, "§3.3.1.1", " with QoS 0 and the flag DUP");
    }
    return true;
  }
  if (in_.flags() == (type == PacketType::pubrel ? 2U : 0U)) return true;
  return fail(malformed, "§2.1.3", "§2.2.2", " with flags " + std::to_string(in_.flags()));
}

/// The remaining length is in; `last` is its last byte.
bool PacketGuard::check_length(std::uint8_t last) {
  if (version_ == 5 && in_.digits > 1 && last == 0) {
    return fail(malformed, "§1.5.5", " with a remaining length in too many bytes");
  }
  const auto size = in_.packet_size();
  if (size > max_packet_) {
    fail(packet_too_large, "§3.1.2.11.4", "§2.2.3",
         " of " + std::to_string(size) + " bytes, above the limit of " +
             std::to_string(max_packet_));
    violation_->too_large = size > limits_.max_packet;
    return false;
  }
  if (is_length(in_.remaining, in_.type(), in_.qos(), version_ == 5)) return true;
  return fail(
      malformed, section_of(in_.type()),
      " with a remaining length of " + std::to_string(in_.remaining) + ", which it cannot have");
}

bool PacketGuard::check(std::string_view head) {
  switch (in_.type()) {
    case PacketType::connack:
      return check_connack(head);
    case PacketType::publish:
      return check_publish(head);
    case PacketType::suback:
    case PacketType::unsuback:
      return check_subscription_answer(head);
    case PacketType::pingresp:
      if (pings_ == 0) return fail(protocol_error, "§3.13", ", but there was no PINGREQ to answer");
      --pings_;
      return true;
    case PacketType::disconnect:
      return check_disconnect(head);
    default:
      return check_acknowledgement(head);
  }
}

/// The properties that come next in `fields`, with their length.
bool PacketGuard::check_properties(Fields& fields, Properties& properties) {
  const auto bytes = fields.take(fields.variable());
  if (fields.padded())
    return fail(malformed, "§1.5.5", " with a property length in too many bytes");
  if (fields.cut()) {
    return fail(malformed, "§2.2.2.1", " with properties that are longer than the packet");
  }
  if (bytes.empty()) return true;
  if (const auto flaw = read_properties(bytes, in_.type(), properties)) {
    return fail(flaw->reason, std::string(flaw->section), flaw->words);
  }
  return true;
}

bool PacketGuard::check_end(const Fields& fields) {
  if (fields.rest().empty()) return true;
  return fail(malformed, section_of(in_.type()),
              " with " + counted(fields.rest().size(), "byte") + " behind its end");
}

bool PacketGuard::check_connack(std::string_view head) {
  Fields fields(head);
  const auto flags = fields.byte();
  const auto code = fields.byte();
  // One that cannot speak our version refuses it in the form of its own (MQTT 5.0 §3.1.2.2).
  const bool short_form = head.size() == 2;
  // Some use the codes of MQTT 3.1.1 in the form of MQTT 5, too: a refusal all the same.
  const bool code_is_legal =
      code <= 5 || (version_ == 5 ? is_error(code) : code == unsupported_version);
  if (flags > 1) return fail(malformed, "§3.2.2.1", " with reserved flags");
  if (!code_is_legal) {
    return fail(malformed, "§3.2.2.2", "§3.2.2.3", " with the code " + hexadecimal(code));
  }
  Properties properties;
  if (version_ == 5 && short_form && code == 0) {
    return fail(malformed, "§3.2.2.3", " without properties");
  }
  if (!short_form && (version_ == 5 || code == unsupported_version) &&
      !check_properties(fields, properties)) {
    return false;
  }
  if (!check_end(fields)) return false;
  const bool session_present = flags == 1;
  if (session_present && clean_start_) {
    return fail(protocol_error, "§3.2.2.1.1", "§3.2.2.2",
                " with an old session, but we asked for a new one");
  }
  const bool has_method = properties.authentication_method.data() != nullptr;
  if (has_method && !authenticates_) {
    return fail(protocol_error, "§4.12",
                " with an authentication-method, but our CONNECT had none");
  }
  if (properties.authentication_data.data() != nullptr && !has_method) {
    return fail(protocol_error, "§3.2.2.3.18", " with authentication-data but no method");
  }
  phase_ = code == 0 ? Phase::packets : Phase::nothing_after_refusal;
  // MQTT 3.1 has no such flag: there the session of who did not ask for a new one may be there.
  if (code == 0 && (clean_start_ || (version_ > 3 && !session_present))) carried_.clear();
  remark(code, properties);
  return true;
}

bool PacketGuard::check_publish(std::string_view head) {
  Fields fields(head);
  const auto topic = fields.counted();
  if (in_.qos() > 0) {
    in_.id = fields.two();
    if (in_.id == 0) return fail(malformed, "§2.2.1", "§2.3.1", " with packet id 0");
  }
  if (!check_topic(topic)) return false;
  Properties properties;
  if (version_ == 5 && !check_properties(fields, properties)) return false;
  if (!check_alias(properties.topic_alias, topic)) return false;
  const bool given = in_.duplicate() && (unreleased_.contains(in_.id) || carried_.contains(in_.id));
  if (in_.qos() > 0 && !check_window()) return false;
  if (in_.qos() == 2 && !given) begun_ = in_.id;
  if (begun_ != 0 && version_ < 5) {
    arriving_ = Arrived{in_.id, (in_.flags() & 1U) != 0, std::string(topic), {}};
  }
  return true;
}

bool PacketGuard::check_topic(std::string_view topic) {
  if (is_plain_topic(topic)) return true;
  if (topic.find('\0') != std::string_view::npos || first_invalid_utf8(topic)) {
    return fail(malformed, "§1.5.4", "§1.5.3", " with a topic that is not UTF-8");
  }
  if (topic.find_first_of("+#") == std::string_view::npos) return true;
  return fail(malformed, "§3.3.2.1", " with a topic that holds a wildcard");
}

/// Whether `topic` or `alias`, or the two together, name a topic (MQTT 5.0 §3.3.2.3.4).
bool PacketGuard::check_alias(std::uint32_t alias, std::string_view topic) {
  if (alias == 0)
    return !topic.empty() || fail(protocol_error, "§3.3.2.1", "§4.7.3", " without a topic");
  if (alias > topic_alias_maximum_) {
    return fail(topic_alias_invalid, "§3.3.2.3.4",
                " with a topic-alias of " + std::to_string(alias) + ", where " +
                    std::to_string(topic_alias_maximum_) + " is the limit");
  }
  const auto known = topics_.find(alias);
  if (topic.empty()) {
    return known != topics_.end() ||
           fail(protocol_error, "§3.3.2.3.4",
                " with a topic-alias of " + std::to_string(alias) + ", which stands for no topic");
  }
  if (known != topics_.end()) {
    if (known->second == topic) return true;
    topics_bytes_ -= known->second.size();
  }
  topics_bytes_ += topic.size();
  if (topics_bytes_ > most_topic_bytes) {
    return fail(quota_exceeded, "§4.13", " that brings the topics with an alias above 16 MiB");
  }
  topics_[alias] = topic;
  return true;
}

/// A message with an id: whether it may be sent before we acknowledge more.
bool PacketGuard::check_window() {
  const auto known = in_.qos() == 2 ? unreleased_.find(in_.id) : unreleased_.end();
  const std::size_t before = known == unreleased_.end() ? 0 : known->second;
  const auto message = " with QoS " + std::to_string(in_.qos());
  if (before > 0 && !in_.duplicate()) {
    return fail(protocol_error, "§2.2.1", "§2.3.1",
                message + " and id " + std::to_string(in_.id) +
                    ", which an earlier one without PUBREL has");
  }
  // A repeated one is counted once.
  if (version_ == 5 && before == 0) {
    if (unacknowledged_ >= receive_maximum_) {
      return fail(receive_maximum_exceeded, "§3.3.4",
                  message + " above our receive-maximum of " + std::to_string(receive_maximum_));
    }
    ++unacknowledged_;
  }
  if (in_.qos() < 2) return true;
  const auto size = in_.packet_size();
  const auto all = unreleased_bytes_ - before + size;
  if (all > limits_.max_unreleased) {
    return fail(quota_exceeded, "§4.3.3",
                message + " that brings those without PUBREL to " + std::to_string(all) +
                    " bytes, above the limit of " + std::to_string(limits_.max_unreleased));
  }
  unreleased_[in_.id] = size;
  unreleased_bytes_ = all;
  if (!in_.duplicate()) carried_.erase(in_.id);
  return true;
}

/// PUBACK, PUBREC, PUBREL, PUBCOMP.
bool PacketGuard::check_acknowledgement(std::string_view head) {
  const auto type = in_.type();
  Fields fields(head);
  in_.id = fields.two();
  const auto code = fields.rest().empty() ? std::uint8_t{0} : fields.byte();
  Properties properties;
  if (!fields.rest().empty() && !check_properties(fields, properties)) return false;
  if (!check_end(fields)) return false;

  const bool first_answer = type == PacketType::puback || type == PacketType::pubrec;
  const bool legal = type == PacketType::pubrel
                         ? code == 0 || code == 0x92
                         : code == 0 || is_error(code) || (first_answer && code == 0x10);
  if (!legal) {
    return fail(malformed, section_of(type, ".2.1"), " with the reason code " + hexadecimal(code));
  }
  if (type == PacketType::pubrel) {
    if (in_.id == 0) return fail(malformed, "§2.2.1", "§2.3.1", " with packet id 0");
    release(in_.id);
    return true;
  }
  if (!check_awaited()) return false;
  // Repeated by a broker of old: our PUBREL may be on its way.
  if (awaited(in_.id) != type) return true;
  const bool goes_on = type == PacketType::pubrec && !is_error(code);
  await(in_.id, goes_on ? PacketType::pubrel : nothing);
  remark(code, properties);
  return true;
}

PacketType PacketGuard::awaited(std::uint16_t id) const {
  return id < awaited_.size() ? awaited_[id] : nothing;
}

/// Whether it is for such a packet that its id waits.
bool PacketGuard::check_awaited() {
  const auto type = in_.type();
  const auto expected = awaited(in_.id);
  if (expected == type) return true;
  const bool waits_for_end = expected == PacketType::pubrel || expected == PacketType::pubcomp;
  // Below MQTT 5 a server may repeat what it thinks was lost (MQTT 3.1.1 §4.4), and Mosquitto 1.4
  // does, when our PUBREL takes its time.
  if (version_ < 5 && type == PacketType::pubrec && waits_for_end) return true;

  const auto which = " for id " + std::to_string(in_.id) + ", which ";
  if (expected == nothing) {
    const bool subscription = type == PacketType::suback || type == PacketType::unsuback;
    return fail(protocol_error, subscription ? section_of(type) : section_of_exchange(type),
                which + "nothing waits for");
  }
  return fail(protocol_error, section_of_exchange(expected),
              which + "waits for " + (expected == PacketType::pubrel ? "our " : "") +
                  packet_name(expected));
}

/// SUBACK, UNSUBACK.
bool PacketGuard::check_subscription_answer(std::string_view head) {
  const bool suback = in_.type() == PacketType::suback;
  Fields fields(head);
  in_.id = fields.two();
  Properties properties;
  if (version_ == 5 && !check_properties(fields, properties)) return false;
  if (!check_awaited()) return false;
  await(in_.id, nothing);
  const auto filters = filters_.extract(in_.id);
  const auto codes = fields.rest();
  if (!suback && version_ < 5) return true;

  if (filters.empty() || codes.empty() || codes.size() != filters.mapped()) {
    return fail(protocol_error, section_of(in_.type(), ".3"),
                " with " + counted(codes.size(), "code") + " for " +
                    counted(filters.empty() ? 0 : filters.mapped(), "topic filter"));
  }
  bool refused = false;
  for (const char each : codes) {
    const auto code = static_cast<std::uint8_t>(each);
    const bool success = suback ? code <= 2 : code == 0 || code == 0x11;
    if (!success && !(version_ == 5 ? is_error(code) : code == 0x80)) {
      return fail(malformed, section_of(in_.type(), ".3"), " with the code " + hexadecimal(code));
    }
    refused = refused || (suback ? is_error(code) : code != 0);
  }
  if (refused || !properties.reason_string.empty()) {
    remark(static_cast<std::uint8_t>(codes.front()), properties);
  }
  return true;
}

bool PacketGuard::check_disconnect(std::string_view head) {
  Fields fields(head);
  const auto code = head.empty() ? std::uint8_t{0} : fields.byte();
  Properties properties;
  if (!fields.rest().empty() && !check_properties(fields, properties)) return false;
  if (!check_end(fields)) return false;
  if (code != 0 && !is_error(code)) {
    return fail(malformed, "§3.14.2.1", " with the reason code " + hexadecimal(code));
  }
  phase_ = Phase::nothing_after_disconnect;
  remark(code, properties);
  return true;
}

}  // namespace mqtt_tools::connection::hooks
