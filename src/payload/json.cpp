// SPDX-License-Identifier: MIT
#include "payload/json.hpp"

#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools::payload {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Takes JSON text apart from its front. Each function says whether what it names was there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void blanks() {
    while (is_blank(peek())) skip();
  }

  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    skip();
    return true;
  }

  bool key() {
    blanks();
    if (!string()) return false;
    blanks();
    return take(':');
  }

  bool scalar() {
    switch (peek()) {
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

 private:
  void skip(std::size_t count = 1) { rest_.remove_prefix(count); }

  bool word(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return false;
    skip(expected.size());
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return false;
    while (is_digit(peek())) skip();
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  bool string() {
    if (!take('"')) return false;
    for (;;) {
      const std::size_t plain = plain_length(rest_);
      if (first_invalid_utf8(rest_.substr(0, plain))) return false;
      skip(plain);
      if (take('"')) return true;
      if (!take('\\') || !escape()) return false;
    }
  }

  bool escape() {
    if (take('u')) {
      const std::string_view unit = rest_.substr(0, 4);
      if (unit.size() < 4 || !std::all_of(unit.begin(), unit.end(), is_hex_digit)) return false;
      skip(4);
      return true;
    }
    const char c = peek();
    if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) return false;
    skip();
    return true;
  }

  std::string_view rest_;
};

/// What may stand behind a number or a word.
bool ends_scalar(char c) { return c == ',' || c == ']' || c == '}' || is_blank(c); }

thread_local std::uint64_t begun = 0;

}  // namespace

// The grammar of RFC 8259 only, without values: most payloads are only asked whether they are JSON.
// No recursion: text may nest as deep as it is long.
bool is_json(std::string_view text, std::size_t depth) {
  Reader reader{text};
  std::string closing;  // For each open object and array, the bracket that closes it.

  for (;;) {
    reader.blanks();
    if (reader.peek() == '{' || reader.peek() == '[') {
      if (closing.size() == depth) return false;
      const bool object = reader.take('{');
      if (!object) reader.take('[');
      closing += object ? '}' : ']';
      reader.blanks();
      if (reader.peek() != closing.back()) {
        if (object && !reader.key()) return false;
        continue;
      }
    } else if (!reader.scalar()) {
      return false;
    }

    // A value has ended, or nothing stands between two brackets: what closes here?
    reader.blanks();
    while (!closing.empty() && reader.take(closing.back())) {
      closing.pop_back();
      reader.blanks();
    }
    if (closing.empty()) return reader.at_end();
    if (!reader.take(',')) return false;
    if (closing.back() == '}' && !reader.key()) return false;
  }
}

JsonTokens::JsonTokens(std::string_view text) : rest_(text) { begun += text.size(); }

std::uint64_t JsonTokens::bytes_begun() { return begun; }

JsonToken JsonTokens::next() {
  using Kind = JsonToken::Kind;

  while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  if (rest_.empty()) return {};

  const bool key = key_next_;
  key_next_ = false;
  Kind kind = Kind::word;
  std::size_t length = 1;
  switch (const char c = rest_.front()) {
    case '{':
    case '[':
      nesting_ += c;
      key_next_ = c == '{';
      kind = c == '{' ? Kind::begin_object : Kind::begin_array;
      break;
    case '}':
    case ']':
      if (!nesting_.empty()) nesting_.pop_back();
      kind = c == '}' ? Kind::end_object : Kind::end_array;
      break;
    case ',':
      key_next_ = !nesting_.empty() && nesting_.back() == '{';
      kind = Kind::comma;
      break;
    case ':':
      kind = Kind::colon;
      break;
    case '"':
      length = string_length(rest_);
      kind = key ? Kind::key : Kind::string;
      break;
    default:
      while (length < rest_.size() && !ends_scalar(rest_[length])) ++length;
      kind = c == '-' || (c >= '0' && c <= '9') ? Kind::number : Kind::word;
      break;
  }
  const JsonToken token{kind, rest_.substr(0, length)};
  rest_.remove_prefix(length);
  return token;
}

bool JsonTokens::next_key(JsonToken& key) {
  do key = next();
  while (key.kind == JsonToken::Kind::comma);
  if (key.kind != JsonToken::Kind::key) return false;
  next();  // The colon.
  return true;
}

bool JsonTokens::next_element(JsonToken& first) {
  do first = next();
  while (first.kind == JsonToken::Kind::comma);
  return first.kind != JsonToken::Kind::end_array && first.kind != JsonToken::Kind::end;
}

JsonToken JsonTokens::whole(const JsonToken& first) {
  if (!begins(first.kind)) return first;
  // The text is valid: what counts are its brackets, and that those within strings do not.
  std::size_t at = 0;
  for (std::size_t depth = 1; depth > 0 && at < rest_.size();) {
    switch (rest_[at]) {
      case '"':
        at += string_length(rest_.substr(at));
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        --depth;
        break;
      default:
        break;
    }
    ++at;
  }
  rest_.remove_prefix(at);
  nesting_.pop_back();
  const char* begin = first.text.data();
  const char* end = rest_.data();
  return {first.kind, {begin, static_cast<std::size_t>(end - begin)}};
}

void append_compact(std::string& out, std::string_view json) {
  std::size_t begin = 0;  // Of what is still to be copied.
  std::size_t at = 0;
  while (at < json.size()) {
    if (json[at] == '"') {
      at += string_length(json.substr(at));
    } else if (is_blank(json[at])) {
      out.append(json, begin, at - begin);
      begin = ++at;
    } else {
      ++at;
    }
  }
  out.append(json, begin);
}

}  // namespace mqtt_tools::payload
