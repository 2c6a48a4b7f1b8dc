// SPDX-License-Identifier: MIT
#include "output/field.hpp"

#include "output/hostile.hpp"
#include "output/padding.hpp"
#include "output/payload_field.hpp"
#include "payload/record.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <vector>

namespace mqtt_tools::output {

namespace {

using Part = Field::Part;

constexpr std::string_view letters = "ACDdEFfIjJlmPpqRrStUxX";

void append_text(std::string& out, const Field& field, std::string_view text, bool terminal) {
  const std::size_t begin = out.size();
  append_hostile(out, cut(text, field.precision), terminal);
  pad(out, begin, field, ' ');
}

void append_number(std::string& out, const Field& field, std::optional<std::uint64_t> number) {
  const char filler = field.zeros ? '0' : ' ';
  if (!number) {
    out.append(field.width, filler);
    return;
  }
  const std::size_t begin = out.size();
  out += std::to_string(*number);
  pad(out, begin, field, filler);
}

void append_user_properties(std::string& out, const Properties& properties, bool terminal) {
  bool first = true;
  for (const auto& [name, value] : properties.user) {
    if (!first) {
      out += ' ';
    }
    first = false;
    append_hostile(out, name, terminal);
    out += ':';
    append_hostile(out, value, terminal);
  }
}

void append_record_field(std::string& out, Part part, const payload::Decoded& decoded,
                         bool terminal) {
  const auto form = part == Part::record ? payload::RecordForm::exact : payload::RecordForm::value;
  if (!terminal) {
    payload::append_record(out, decoded, form);
    return;
  }
  std::string record;
  payload::append_record(record, decoded, form);
  append_escaped(out, record);
}

std::optional<std::uint64_t> first(const std::vector<std::uint32_t>& numbers) {
  return numbers.empty() ? std::nullopt : std::optional<std::uint64_t>{numbers.front()};
}

/// A number that is not there stays not there.
template <typename Number>
std::optional<std::uint64_t> widened(std::optional<Number> number) {
  return number ? std::optional{static_cast<std::uint64_t>(*number)} : std::nullopt;
}

}  // namespace

std::optional<Field::Part> field_part(char letter) {
  if (letters.find(letter) == std::string_view::npos) {
    return std::nullopt;
  }
  return static_cast<Part>(letter);
}

bool needs_time(Field::Part part) { return part == Part::local_time || part == Part::unix_time; }

void append_field(std::string& out, const Field& field, const payload::Decoded& decoded,
                  const LocalTime& time, bool terminal) {
  const Message& message = decoded.message();
  const Properties& properties = message.properties;
  switch (field.part) {
    case Part::topic_alias:
      return append_number(out, field, widened(properties.topic_alias));
    case Part::content_type:
      return append_text(out, field, properties.content_type.value_or(""), terminal);
    case Part::correlation_data:
      return append_hostile(out, properties.correlation_data.value_or(""), terminal);
    case Part::payload_as_double:
      return append_payload_as_double(out, field, message.payload);
    case Part::expiry:
      return append_number(out, field, widened(properties.expiry));
    case Part::payload_format:
      return append_number(out, field, widened(properties.payload_format));
    case Part::payload_as_float:
      return append_payload_as_float(out, field, message.payload);
    case Part::local_time: {
      std::string text;
      append_time(text, time, "%FT%T%z");
      return append_text(out, field, text, terminal);
    }
    case Part::record:
    case Part::record_of_value:
      return append_record_field(out, field.part, decoded, terminal);
    case Part::payload_size:
      return append_number(out, field, message.payload.size());
    case Part::id:
      return append_number(out, field, message.id);
    case Part::user_properties:
      return append_user_properties(out, properties, terminal);
    case Part::payload:
      return append_payload(out, field, decoded.raw(), terminal);
    case Part::qos:
      out += static_cast<char>('0' + static_cast<int>(message.qos));
      return;
    case Part::response_topic:
      if (properties.response_topic) {  // no blanks in its place, unlike the others
        append_text(out, field, *properties.response_topic, terminal);
      }
      return;
    case Part::retained:
      out += message.retained ? '1' : '0';
      return;
    case Part::subscription_identifier:
      return append_number(out, field, first(properties.subscription_identifiers));
    case Part::topic:
      return append_text(out, field, message.topic, terminal);
    case Part::unix_time: {
      std::array<char, 40> text;
      const int size = std::snprintf(text.data(), text.size(), "%lld.%09d",
                                     static_cast<long long>(time.seconds), time.nanoseconds);
      out.append(text.data(), static_cast<std::size_t>(size));
      return;
    }
    case Part::payload_in_hex:
    case Part::payload_in_upper_hex:
      return append_payload_in_hex(out, field, message.payload);
  }
}

}  // namespace mqtt_tools::output
