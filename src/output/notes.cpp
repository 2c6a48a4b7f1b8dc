// SPDX-License-Identifier: MIT
#include "output/notes.hpp"

#include "bytes.hpp"
#include "message.hpp"
#include "text.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>

namespace mqtt_tools::output {

namespace {

constexpr std::size_t large = 1024;         ///< From here on the size of a payload is told.
constexpr std::size_t longest_value = 120;  ///< Of a property; the header is no place for more.

std::string size_text(std::size_t size) {
  std::array<char, 32> text;
  const double kibibytes = static_cast<double>(size) / 1024;
  if (kibibytes < 1024) {
    std::snprintf(text.data(), text.size(), "%.1f KiB", kibibytes);
  } else {
    std::snprintf(text.data(), text.size(), "%.1f MiB", kibibytes / 1024);
  }
  return text.data();
}

/// `value`, or its beginning and dots; no character is cut in two.
std::string shortened(std::string_view value) {
  if (value.size() <= longest_value) {
    return std::string{value};
  }
  std::size_t end = 0;
  while (end < longest_value) {
    end += code_point_at(value, end).length;
  }
  return std::string{value.substr(0, end)} + "...";
}

class Notes {
 public:
  void add(std::string_view note) {
    text_ += text_.empty() ? "" : ", ";
    text_ += note;
  }

  void add(std::string_view name, std::string_view value) {
    add(name);
    text_ += ' ';
    text_ += shortened(value);
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_{};
};

void add_properties(Notes& notes, const Properties& properties) {
  if (properties.content_type) {
    notes.add("content-type", *properties.content_type);
  }
  if (properties.expiry) {
    notes.add("expires in", std::to_string(*properties.expiry) + " s");
  }
  if (properties.response_topic) {
    notes.add("response-topic", *properties.response_topic);
  }
  if (properties.correlation_data) {
    const std::string& bytes = *properties.correlation_data;
    const bool text = !first_invalid_utf8(bytes);
    notes.add("correlation-data", text ? bytes : to_hex(bytes));
  }
  for (const auto& [name, value] : properties.user) {
    notes.add(shortened(name) + "=" + shortened(value));
  }
}

}  // namespace

std::string notes_on(const payload::Decoded& decoded) {
  const Message& message = decoded.message();
  Notes notes;
  if (message.qos != Qos::at_least_once) {
    notes.add(message.qos == Qos::exactly_once ? "qos 2" : "qos 0");
  }
  if (message.retained) {
    notes.add("retained");
  }
  if (message.duplicate) {
    notes.add("duplicate");
  }
  if (message.payload.size() >= large) {
    notes.add(size_text(message.payload.size()));
  }
  if (decoded.kind() == payload::Kind::cbor) {
    notes.add("CBOR");
  } else if (decoded.kind() == payload::Kind::msgpack) {
    notes.add("MessagePack");
  }
  if (!message.properties.empty()) {
    add_properties(notes, message.properties);
  }
  return notes.take();
}

}  // namespace mqtt_tools::output
