// SPDX-License-Identifier: MIT
#include "error.hpp"
#include "payload/json_members.hpp"
#include "payload/record.hpp"
#include "payload/record_member.hpp"
#include "payload/record_properties.hpp"
#include "topic.hpp"

#include <cstdint>

namespace mqtt_tools::payload {

namespace {

using TokenKind = JsonToken::Kind;

/// Older versions of mosquitto_sub write flags as 0 and 1.
bool flag(std::string_view key, const JsonToken& value) {
  if (value.text == "true" || value.text == "1") return true;
  if (value.text != "false" && value.text != "0") refuse_member(key, "must be true or false");
  return false;
}

Qos qos(const JsonToken& value) {
  if (value.text == "0") return Qos::at_most_once;
  if (value.text == "1") return Qos::at_least_once;
  if (value.text != "2") refuse_member("qos", "must be 0, 1 or 2");
  return Qos::exactly_once;
}

/// RFC 3339; also as mosquitto_sub writes it, with "Z+0000" or "+0100" at its end.
Timestamp time(const JsonToken& value) {
  std::string rfc3339 = text_of_member("tst", value);
  const std::string_view zulu = "Z+0000";
  const std::size_t size = rfc3339.size();
  if (rfc3339.ends_with(zulu)) {
    rfc3339.resize(size - zulu.size() + 1);
  } else if (size > 5 && (rfc3339[size - 5] == '+' || rfc3339[size - 5] == '-')) {
    rfc3339.insert(size - 2, 1, ':');
  }
  const auto time = from_rfc3339(rfc3339);
  if (!time) refuse_member("tst", "is not a time such as 2026-11-23T18:15:00.123456Z");
  return *time;
}

/// What a record is made of, and which of its members have been met.
class RecordReader {
 public:
  void member(const std::string& key, const JsonToken& value) {
    if (key == "tst") {
      message_.time = time(value);
    } else if (key == "topic") {
      message_.topic = text_of_member(key, value);
      has_topic_ = true;
    } else if (key == "qos") {
      message_.qos = qos(value);
    } else if (key == "retain") {
      message_.retained = flag(key, value);
    } else if (key == "mid") {
      message_.id = number_of_member<std::uint16_t>(key, value, 0, 65535);
    } else if (key == "dup") {
      message_.duplicate = flag(key, value);
    } else if (key == "properties") {
      message_.properties = read_properties(value);
    } else if (key == "payload") {
      // mosquitto_sub's word for an empty one.
      set_payload(value.text == "null" ? std::string{} : text_of_member(key, value));
    } else if (key == "payload_base64") {
      set_payload(bytes_of_member(key, value));
    }
  }

  Message result() && {
    if (!has_topic_) throw UsageError("no topic");
    check_topic(message_.topic);
    if (!has_payload_) throw UsageError("no payload");
    return std::move(message_);
  }

 private:
  void set_payload(std::string payload) {
    if (has_payload_) throw UsageError("more than one payload");
    message_.payload = std::move(payload);
    has_payload_ = true;
  }

  Message message_{};
  bool has_topic_ = false;
  bool has_payload_ = false;
};

}  // namespace

Message parse_record(std::string_view line) {
  // The value in it may nest as deep as any payload.
  if (!is_json(line, max_depth + 1)) throw UsageError("not JSON");
  if (JsonTokens{line}.next().kind != TokenKind::begin_object)
    throw UsageError("not a JSON object");
  RecordReader reader;
  for_each_member(line, [&reader](std::string_view key, const JsonToken& value) {
    reader.member(unquoted(key), value);
  });
  return std::move(reader).result();
}

}  // namespace mqtt_tools::payload
