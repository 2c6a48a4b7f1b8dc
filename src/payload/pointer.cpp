// SPDX-License-Identifier: MIT
#include "payload/pointer.hpp"

#include "error.hpp"
#include "escape.hpp"
#include "payload/json_members.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <charconv>

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
  std::size_t index = 0;
  const char* end = step.data() + step.size();
  const auto read = std::from_chars(step.data(), end, index);
  const bool whole = read.ec == std::errc{} && read.ptr == end;
  if (!whole || (step.size() > 1 && step.front() == '0')) return std::nullopt;
  return index;
}

/// The member or element that `step` names; of members with the same key the last.
std::optional<JsonToken> child(const JsonToken& parent, const std::string& step) {
  std::optional<JsonToken> found;
  if (parent.kind == TokenKind::begin_object) {
    for_each_member(parent.text, [&](std::string_view key, const JsonToken& value) {
      if (unquoted(key) == step) found = value;
    });
  } else if (parent.kind == TokenKind::begin_array) {
    const auto index = index_of(step);
    std::size_t at = 0;
    for_each_element(parent.text, [&](const JsonToken& value) {
      if (at++ == index) found = value;
    });
  }
  return found;
}

}  // namespace

Pointer::Pointer(std::string_view text) {
  if (text.empty()) return;
  if (text.front() != '/') {
    throw UsageError("\"" + escaped(text) +
                     "\" is not a JSON pointer: it begins with /, as in /msg");
  }
  if (first_invalid_utf8(text)) {
    throw UsageError("the JSON pointer \"" + escaped(text) + "\" is not UTF-8");
  }
  std::size_t begin = 1;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    steps_.push_back(step_text(text.substr(begin, end - begin), text));
    begin = end + 1;
  }
}

std::optional<std::string> Pointer::select(const Decoded& decoded) const {
  const auto json = decoded.json();
  if (!json) return std::nullopt;
  std::optional<JsonToken> value = JsonTokens{*json}.next_value();
  for (const std::string& step : steps_) {
    value = child(*value, step);
    if (!value) return std::nullopt;
  }
  if (value->kind == TokenKind::string) return unquoted(value->text);
  std::string text;
  append_compact(text, value->text);
  return text;
}

}  // namespace mqtt_tools::payload
