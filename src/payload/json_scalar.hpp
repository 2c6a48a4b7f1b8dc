// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// How many bytes at the front of `text` stand for themselves in a JSON string: up to the first
/// quote, backslash or control character.
std::size_t plain_length(std::string_view text);

/// How many bytes the string at the front of `text` takes, with both quotes; all of `text` if its
/// end is missing.
std::size_t string_length(std::string_view text);

/// Appends `text` (UTF-8) as a JSON string with quotes; only quotes, backslashes and control
/// characters are escaped.
void append_string(std::string& out, std::string_view text);

/// Appends a JSON string token (with its quotes) in the form that append_string() gives: an escape
/// such as `\u00e9` becomes the letter. A lone surrogate, which UTF-8 cannot say, stays as it is.
void append_requoted(std::string& out, std::string_view token);

/// The text that a JSON string token (with its quotes) stands for, to be shown. A lone surrogate
/// becomes U+FFFD.
std::string unquoted(std::string_view token);

/// The same, to be compared: equal for strings of the same characters only. A lone surrogate
/// becomes three bytes that no UTF-8 has (`first_invalid_utf8()` finds them).
std::string exact_text(std::string_view token);

/// Appends a number as JSON text: the shortest text that gives the same floating-point number
/// again, `null` for what JSON cannot say.
void append_real(std::string& out, double value);

/// Writes an object: its beginning, its members with the commas between them, and its end when it
/// goes. Nothing else may be appended to `out` meanwhile but the value of a member.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  /// Begins a member; its value is to be appended to what this gives.
  std::string& key(std::string_view name);

  void text(std::string_view name, std::string_view value) { append_string(key(name), value); }
  void number(std::string_view name, std::uint64_t value) { key(name) += std::to_string(value); }

 private:
  std::string& out_;
  bool first_ = true;
};

/// A JSON number in the one form that all texts of the same decimal number share, and no other
/// number has: `25`, `25.0` and `2.5e1` give the same. Exact however long it is, in linear time.
std::string canonical_number(std::string_view token);

/// Whether JSON number `one` is less than (below 0), equal to or greater than `other`. As exact.
int compare_numbers(std::string_view one, std::string_view other);

}  // namespace mqtt_tools::payload
