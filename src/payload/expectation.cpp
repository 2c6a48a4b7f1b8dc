// SPDX-License-Identifier: MIT
#include "payload/expectation.hpp"

#include "error.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::payload {

using TokenKind = JsonToken::Kind;

namespace {

using Value = Expectation::Value;

std::string comparable(const JsonToken& scalar) {
  if (scalar.kind == TokenKind::string) return exact_text(scalar.text);
  if (scalar.kind == TokenKind::number) return canonical_number(scalar.text);
  return std::string(scalar.text);
}

/// Recursive: is_json() has bounded the nesting.
Value read(JsonTokens& tokens, const JsonToken& first) {
  Value value{first.kind};
  if (first.kind == TokenKind::begin_array) {
    for (JsonToken element; tokens.next_element(element);) {
      value.entries.push_back(read(tokens, element));
    }
  } else if (first.kind == TokenKind::begin_object) {
    for (JsonToken key; tokens.next_key(key);) {
      const auto [place, is_new] =
          value.members.try_emplace(exact_text(key.text), value.entries.size());
      Value member = read(tokens, tokens.next());
      if (is_new) {
        value.entries.push_back(std::move(member));
      } else {
        value.entries[place->second] = std::move(member);  // Of several the last, as always.
      }
    }
  } else {
    value.text = comparable(first);
  }
  return value;
}

// A payload is compared with what is expected in one walk from its first token to its last: what
// nobody asks for is passed over, and nothing is read twice however deep it nests. Of members with
// the same key the last counts, so that nothing is decided before an object has ended.

bool holds(JsonTokens& tokens, const JsonToken& first, const Value& expected, bool exactly);

bool object_holds(JsonTokens& tokens, const Value& expected, bool exactly) {
  // Grows with what the payload has, not with what is expected: keys may repeat a million times.
  std::unordered_map<std::size_t, bool> met;
  bool others = false;
  for (JsonToken key; tokens.next_key(key);) {
    const auto place = expected.members.find(exact_text(key.text));
    if (place == expected.members.end()) {
      others = true;
      tokens.next_value();
    } else {
      met[place->second] = holds(tokens, tokens.next(), expected.entries[place->second], exactly);
    }
  }
  return !(exactly && others) && met.size() == expected.entries.size() &&
         std::ranges::all_of(met, [](const auto& entry) { return entry.second; });
}

bool array_holds(JsonTokens& tokens, const Value& expected) {
  bool equal = true;
  std::size_t at = 0;
  for (JsonToken element; tokens.next_element(element);) {
    if (!equal || at == expected.entries.size()) {
      equal = false;
      tokens.whole(element);
    } else {
      equal = holds(tokens, element, expected.entries[at++], true);
    }
  }
  return equal && at == expected.entries.size();
}

/// Reads the value that `first` begins, all of it, and compares. `exactly`: an object may have no
/// other members. Recursive no deeper than `expected` nests.
bool holds(JsonTokens& tokens, const JsonToken& first, const Value& expected, bool exactly) {
  if (first.kind != expected.kind) {
    tokens.whole(first);
    return false;
  }
  if (first.kind == TokenKind::begin_object) return object_holds(tokens, expected, exactly);
  if (first.kind == TokenKind::begin_array) return array_holds(tokens, expected);
  return comparable(first) == expected.text;
}

bool holds(std::string_view json, const Value& expected, bool exactly) {
  JsonTokens tokens{json};
  return holds(tokens, tokens.next(), expected, exactly);
}

}  // namespace

Expectation::Expectation(std::string_view json) : text_(without_byte_order_mark(json)) {
  json = text_;
  if (const auto complaint = json_complaint(json); !complaint.empty()) {
    throw UsageError(complaint.substr(complaint.find("not JSON")));
  }
  JsonTokens tokens{json};
  value_ = read(tokens, tokens.next());
}

bool Expectation::equals(std::string_view json) const { return holds(json, value_, true); }

bool Expectation::met_by(const Decoded& decoded) const {
  if (const auto json = decoded.json()) return holds(*json, value_, false);
  // A text is the JSON string of itself, and no bytes at all are the empty text.
  const bool text = decoded.kind() == Kind::text || decoded.kind() == Kind::empty;
  return text && value_.kind == TokenKind::string && value_.text == decoded.message().payload;
}

}  // namespace mqtt_tools::payload
