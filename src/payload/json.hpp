// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// How deep JSON, CBOR and MessagePack may nest before they count as text or bytes. jq and Python
/// read what is below it.
constexpr std::size_t max_depth = 100;

/// Whether `text` is one JSON value (RFC 8259, UTF-8) nested at most `depth` levels.
bool is_json(std::string_view text, std::size_t depth = max_depth);

/// The offset of the first byte of `text` that cannot stand there in such a value; the size of
/// `text` if it ends too early. Nothing for JSON.
std::optional<std::size_t> first_invalid_json(std::string_view text, std::size_t depth = max_depth);

/// "is not JSON: column 2 of {bad}; strings and keys need …": what to tell its user about `text`,
/// which may come from anywhere. Empty for JSON.
std::string json_complaint(std::string_view text, std::size_t depth = max_depth);

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

/// Whether an object or array begins or ends with such a token.
inline bool begins(JsonToken::Kind kind) {
  return kind == JsonToken::Kind::begin_object || kind == JsonToken::Kind::begin_array;
}
inline bool ends(JsonToken::Kind kind) {
  return kind == JsonToken::Kind::end_object || kind == JsonToken::Kind::end_array;
}

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

  /// Within an object: reads on to its next member. `key` is the key as written; the value follows.
  /// False at the object's end, which is read then.
  bool next_key(JsonToken& key);

  /// Within an array: reads on to its next element, whose first token is `first`; of an array or
  /// object the rest is still to be read. False at the array's end, which is read then.
  bool next_element(JsonToken& first);

  /// How many bytes all walks that this thread ever began were to read. Tests see by it that what
  /// is done with a payload reads it a few times, and not once more for each level or member.
  static std::uint64_t bytes_begun();

 private:
  std::string_view rest_;
};

/// Appends JSON text without the blanks between its tokens, numbers as written.
void append_compact(std::string& out, std::string_view json);
std::string compact(std::string_view json);  ///< The same as a new string.

/// Calls `visit(key, value)` for each member of `object`, valid JSON text: the key a token with its
/// quotes, the value as JsonTokens::next_value() gives it.
template <class Visit>
void for_each_member(std::string_view object, Visit visit) {
  JsonTokens tokens{object};
  tokens.next();
  for (JsonToken key; tokens.next_key(key);) visit(key.text, tokens.next_value());
}

/// Calls `visit(value)` for each element of `array`, valid JSON text.
template <class Visit>
void for_each_element(std::string_view array, Visit visit) {
  JsonTokens tokens{array};
  tokens.next();
  for (JsonToken first; tokens.next_element(first);) visit(tokens.whole(first));
}

}  // namespace mqtt_tools::payload
