// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace mqtt_tools::output {

/// One `%` of a format (-F): which part of a message, and how wide.
struct Field {
  /// The letters are mosquitto_sub's.
  enum class Part : char {
    topic_alias = 'A',
    content_type = 'C',
    correlation_data = 'D',
    payload_as_double = 'd',
    expiry = 'E',
    payload_format = 'F',
    payload_as_float = 'f',
    local_time = 'I',
    record = 'j',
    record_of_value = 'J',
    payload_size = 'l',
    id = 'm',
    user_properties = 'P',
    payload = 'p',
    qos = 'q',
    response_topic = 'R',
    retained = 'r',
    subscription_identifier = 'S',
    topic = 't',
    unix_time = 'U',
    payload_in_hex = 'x',
    payload_in_upper_hex = 'X',
  };

  Part part = Part::payload;
  bool left = false;                       ///< The `-` flag: blanks after, not before.
  bool zeros = false;                      ///< The `0` flag: zeros before, not blanks.
  std::size_t width = 0;                   ///< At least so many bytes; the payload: at most, too.
  std::optional<std::size_t> precision{};  ///< Text: at most so many bytes. Hex: digits in a group.
  char separator = ' ';                    ///< Between groups of hex digits.
};

/// Nothing if no part has this letter.
std::optional<Field::Part> field_part(char letter);

/// Whether this part is made from the time of the message.
bool needs_time(Field::Part part);

/// Appends the part of the message that `field` names, as mosquitto_sub prints it; on a terminal
/// without its control characters. `time` is the message's, if needs_time().
void append_field(std::string& out, const Field& field, const payload::Decoded& decoded,
                  const LocalTime& time, bool terminal);

}  // namespace mqtt_tools::output
