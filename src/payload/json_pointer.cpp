// SPDX-License-Identifier: MIT
#include "payload/json_pointer.hpp"

#include "error.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

namespace mqtt_tools::payload {

namespace {

using TokenKind = JsonToken::Kind;

/// One step of a pointer as text: `~1` is a slash, `~0` a tilde.
std::string step_text(std::string_view step, std::string_view pointer) {
  std::string text;
  for (std::size_t at = 0; at < step.size(); ++at) {
    if (step[at] != '~') {
      text += step[at];
      continue;
    }
    const char next = ++at < step.size() ? step[at] : '\0';
    if (next != '0' && next != '1') {
      throw UsageError("\"" + escaped(pointer) +
                       "\" is not a JSON pointer: ~ is written ~0, and / within a name ~1");
    }
    text += next == '0' ? '~' : '/';
  }
  return text;
}

/// The index that a step names: decimal digits without leading zeros.
std::optional<std::size_t> index_of(std::string_view step) {
  return step.starts_with('0') && step.size() > 1 ? std::nullopt : to_number<std::size_t>(step);
}

/// Follows steps through JSON text in one walk: what lies beside the way is passed over, and
/// nothing is read twice however deep it nests.
class Walk {
 public:
  Walk(std::string_view json, const std::vector<std::string>& steps)
      : tokens_(json), steps_(&steps) {}

  std::optional<JsonToken> result() { return follow(tokens_.next(), 0); }

 private:
  /// Reads the value that `first` begins, all of it; gives what the steps from `at` on name in it.
  /// Recursive: is_json() has bounded the nesting.
  std::optional<JsonToken> follow(const JsonToken& first, std::size_t at) {
    if (at == steps_->size()) return tokens_.whole(first);
    if (first.kind == TokenKind::begin_object) return member(at);
    if (first.kind == TokenKind::begin_array) return element(at);
    return std::nullopt;
  }

  /// Of members with the same key the last.
  std::optional<JsonToken> member(std::size_t at) {
    std::optional<JsonToken> found;
    for (JsonToken key; tokens_.next_key(key);) {
      if (exact_text(key.text) == (*steps_)[at]) {
        found = follow(tokens_.next(), at + 1);
      } else {
        tokens_.next_value();
      }
    }
    return found;
  }

  std::optional<JsonToken> element(std::size_t at) {
    const auto index = index_of((*steps_)[at]);
    std::optional<JsonToken> found;
    std::size_t count = 0;
    for (JsonToken first; tokens_.next_element(first);) {
      if (count++ == index) {
        found = follow(first, at + 1);
      } else {
        tokens_.whole(first);
      }
    }
    return found;
  }

  JsonTokens tokens_;
  const std::vector<std::string>* steps_;
};

}  // namespace

JsonPointer::JsonPointer(std::string_view text) {
  if (text.empty()) return;
  if (text.front() != '/') {
    throw UsageError("\"" + escaped(text) +
                     "\" is not a JSON pointer: it begins with /, as in /msg");
  }
  if (first_invalid_utf8(text)) {
    throw UsageError("the JSON pointer \"" + escaped(text) + "\" is not UTF-8");
  }
  for (const auto step : split(text.substr(1), "/")) steps_.push_back(step_text(step, text));
}

std::optional<JsonToken> JsonPointer::find(const Decoded& decoded) const {
  const auto json = decoded.json();
  if (!json) return std::nullopt;
  return Walk{*json, steps_}.result();
}

std::optional<std::string> JsonPointer::select(const Decoded& decoded) const {
  const std::optional<JsonToken> value = find(decoded);
  if (!value) return std::nullopt;
  return value->kind == TokenKind::string ? unquoted(value->text) : compact(value->text);
}

}  // namespace mqtt_tools::payload
