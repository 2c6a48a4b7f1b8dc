// SPDX-License-Identifier: MIT
#include "payload/json_string.hpp"
#include "payload/json_text.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools::payload {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Takes JSON text apart from its front. Each function says whether what it names was there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') skip();
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

}  // namespace

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

}  // namespace mqtt_tools::payload
