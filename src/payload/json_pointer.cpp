// SPDX-License-Identifier: MIT
#include "payload/json_pointer.hpp"

#include "error.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <span>

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

/// What the steps name in the value that `first` begins, all of which is read: what lies beside the
/// way is passed over, and nothing is read twice however deep it nests. Recursive: is_json() has
/// bounded the nesting.
std::optional<JsonToken> follow(JsonTokens& tokens, const JsonToken& first,
                                std::span<const std::string> steps) {
  if (steps.empty()) return tokens.whole(first);
  std::optional<JsonToken> found;
  if (first.kind == TokenKind::begin_object) {
    for (JsonToken key; tokens.next_key(key);) {
      const JsonToken value = tokens.next();
      if (exact_text(key.text) == steps.front()) {
        found = follow(tokens, value, steps.subspan(1));  // Of members with the same key the last.
      } else {
        tokens.whole(value);
      }
    }
  } else if (first.kind == TokenKind::begin_array) {
    const auto index = index_of(steps.front());
    std::size_t count = 0;
    for (JsonToken element; tokens.next_element(element);) {
      if (count++ == index) {
        found = follow(tokens, element, steps.subspan(1));
      } else {
        tokens.whole(element);
      }
    }
  }
  return found;
}

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
  JsonTokens tokens{*json};
  return follow(tokens, tokens.next(), steps_);
}

std::optional<std::string> JsonPointer::select(const Decoded& decoded) const {
  const std::optional<JsonToken> value = find(decoded);
  if (!value) return std::nullopt;
  return value->kind == TokenKind::string ? unquoted(value->text) : compact(value->text);
}

}  // namespace mqtt_tools::payload
