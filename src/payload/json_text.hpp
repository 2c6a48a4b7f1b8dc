// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// How deep JSON, CBOR and MessagePack may nest before they count as text or bytes. jq and Python
/// read what is below it.
constexpr std::size_t max_depth = 100;

/// Whether `text` is one JSON value (RFC 8259, UTF-8) nested at most `depth` levels.
bool is_json(std::string_view text, std::size_t depth = max_depth);

/// One token of JSON text.
struct JsonToken {
  enum class Kind {
    begin_object,
    end_object,
    begin_array,
    end_array,
    key,
    string,
    number,
    word,
    comma,
    colon,
    end
  };

  Kind kind = Kind::end;
  std::string_view text{};  ///< As written; a string with its quotes.
};

/// Walks over text for which is_json() holds, token by token, without changing a letter of it.
class JsonTokens {
 public:
  explicit JsonTokens(std::string_view text);

  JsonToken next();

  /// The next token; but when an object or array begins, all of it, of the kind of its bracket.
  JsonToken next_value() { return whole(next()); }

  /// All of the value that `first`, the token just read, begins: what is still to come of an object
  /// or array is passed over.
  JsonToken whole(const JsonToken& first);

  /// How many bytes all walks that this thread ever began were to read. Tests see by it that what
  /// is done with a payload reads it a few times, and not once more for each level or member.
  static std::uint64_t bytes_begun();

 private:
  std::string_view rest_;
  std::string nesting_{};  ///< '{' or '[' for each open level; tells a key from a string.
  bool key_next_ = false;
};

/// Appends JSON text without the blanks between its tokens, numbers as written.
void append_compact(std::string& out, std::string_view json);

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

}  // namespace mqtt_tools::payload
