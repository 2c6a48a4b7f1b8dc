// SPDX-License-Identifier: MIT
#include "payload/json.hpp"

#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools::payload {

namespace {

/// `text` from the first character on that is no blank.
std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

/// Takes JSON text apart from its front. Each function says whether what it names was there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void blanks() { rest_ = without_blanks(rest_); }

  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
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
      const auto invalid = first_invalid_utf8(rest_.substr(0, plain));
      skip(invalid.value_or(plain));
      if (invalid) return false;
      if (take('"')) return true;
      if (!take('\\') || !escape()) return false;
    }
  }

  bool escape() {
    if (take('u')) {
      const std::string_view unit = rest_.substr(0, 4);
      const std::size_t other = unit.find_first_not_of("0123456789abcdefABCDEF");
      if (unit.size() < 4 || other != std::string_view::npos) return false;
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

/// How many characters `text` has; a byte that is not UTF-8 is one.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += code_point_at(text, at).length;
  return count;
}

/// What arrived, as far as it matters at `at`.
std::string excerpt(std::string_view text, std::size_t at) {
  constexpr std::size_t before = 30;
  constexpr std::size_t longest = 60;
  std::size_t begin = text.size() <= longest || at <= before ? 0 : at - before;
  while (begin > 0 && begin < at && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80)
    ++begin;
  return (begin > 0 ? "..." : "") + escaped(shortened(text.substr(begin), longest));
}

/// What may help with JSON that is wrong at `at`; empty if nothing does.
std::string hint(std::string_view text, std::size_t at) {
  constexpr char32_t first_quote = 0x2018;  // To U+201F: the quotes of printed text.
  constexpr char32_t last_quote = 0x201F;
  const std::string in_shell = "; on a command line all of it needs single quotes: '{\"on\":true}'";
  if (at == text.size()) return in_shell;
  const CodePoint point = code_point_at(text, at);
  if (!point.valid) return "; that byte is not UTF-8";
  const char32_t letter = point.value;
  if (letter == '\'' || (letter >= first_quote && letter <= last_quote)) {
    return "; the quotes of JSON are plain double ones, as in {\"on\":true}";
  }
  if ((letter == '{' || letter == '[') && first_invalid_json(text, text.size()) != at) {
    return "; it may nest at most " + std::to_string(max_depth) + " levels deep";
  }
  const bool word = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
  if (!word && letter < 0x80) return {};
  return at == 0 ? "; a string needs double quotes, and single ones around them on a command line: "
                   "'\"on\"'"
                 : "; strings and keys need double quotes" + in_shell;
}

}  // namespace

// The grammar of RFC 8259 only, without values: most payloads are only asked whether they are JSON.
// No recursion: text may nest as deep as it is long. Not nlohmann's reader, which refuses 1e400 and
// a lone surrogate, and takes a NUL for the end of the text (tests/fuzz/json_fuzz.cpp compares).
std::optional<std::size_t> first_invalid_json(std::string_view text, std::size_t depth) {
  Reader reader{text};
  const auto here = [&] { return text.size() - reader.left(); };
  std::string closing;  // For each open object and array, the bracket that closes it.

  for (;;) {
    reader.blanks();
    if (reader.peek() == '{' || reader.peek() == '[') {
      if (closing.size() == depth) return here();
      const bool object = reader.take('{');
      if (!object) reader.take('[');
      closing += object ? '}' : ']';
      reader.blanks();
      if (reader.peek() != closing.back()) {
        if (object && !reader.key()) return here();
        continue;
      }
    } else if (!reader.scalar()) {
      return here();
    }

    // A value has ended, or nothing stands between two brackets: what closes here?
    reader.blanks();
    while (!closing.empty() && reader.take(closing.back())) {
      closing.pop_back();
      reader.blanks();
    }
    if (closing.empty()) return reader.at_end() ? std::nullopt : std::optional{here()};
    if (!reader.take(',')) return here();
    if (closing.back() == '}' && !reader.key()) return here();
  }
}

bool is_json(std::string_view text, std::size_t depth) { return !first_invalid_json(text, depth); }

std::string json_complaint(std::string_view text, std::size_t depth) {
  const auto invalid = first_invalid_json(text, depth);
  if (!invalid) return {};
  if (without_blanks(text).empty()) return "is not JSON: it is empty";
  const std::size_t line_begin = text.rfind('\n', *invalid == 0 ? 0 : *invalid - 1) + 1;
  const auto lines =
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(line_begin), '\n');
  std::string words = "is not JSON: ";
  if (*invalid == text.size()) {
    words += "it ends too early: ";
  } else {
    words += lines == 0 ? "" : "line " + std::to_string(lines + 1) + ", ";
    words += "column " +
             std::to_string(characters(text.substr(line_begin, *invalid - line_begin)) + 1) +
             " of ";
  }
  return words + excerpt(text, *invalid) + hint(text, *invalid);
}

JsonTokens::JsonTokens(std::string_view text) : rest_(text) { begun += text.size(); }

std::uint64_t JsonTokens::bytes_begun() { return begun; }

JsonToken JsonTokens::next() {
  using Kind = JsonToken::Kind;

  rest_ = without_blanks(rest_);
  if (rest_.empty()) return {};

  Kind kind = Kind::word;
  std::size_t length = 1;
  switch (const char c = rest_.front()) {
    case '{':
    case '[':
      kind = c == '{' ? Kind::begin_object : Kind::begin_array;
      break;
    case '}':
    case ']':
      kind = c == '}' ? Kind::end_object : Kind::end_array;
      break;
    case ',':
      kind = Kind::comma;
      break;
    case ':':
      kind = Kind::colon;
      break;
    case '"':
      length = string_length(rest_);
      kind = without_blanks(rest_.substr(length)).starts_with(':') ? Kind::key : Kind::string;
      break;
    default:
      while (length < rest_.size() && !ends_scalar(rest_[length])) ++length;
      kind = c == '-' || is_digit(c) ? Kind::number : Kind::word;
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
  return {first.kind, {first.text.data(), rest_.data()}};
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

std::string compact(std::string_view json) {
  std::string text;
  append_compact(text, json);
  return text;
}

}  // namespace mqtt_tools::payload
