// SPDX-License-Identifier: MIT
#include "output/envelope_view.hpp"

#include "payload/json.hpp"

namespace mqtt_tools::output {

namespace {

using payload::JsonToken;
using Kind = JsonToken::Kind;
using Member = std::pair<std::string_view, std::string_view>;

/// The text of the value that begins with `first`.
std::string_view value_text(payload::JsonTokens& tokens, const JsonToken& first) {
  JsonToken last = first;
  int depth = 0;
  for (;;) {
    if (last.kind == Kind::begin_object || last.kind == Kind::begin_array) {
      ++depth;
    } else if (last.kind == Kind::end_object || last.kind == Kind::end_array) {
      --depth;
    }
    if (depth == 0) {
      const char* const end = last.text.data() + last.text.size();
      return {first.text.data(), static_cast<std::size_t>(end - first.text.data())};
    }
    last = tokens.next();
  }
}

/// The next member of the object; nothing at its end.
std::optional<Member> next_member(payload::JsonTokens& tokens) {
  JsonToken token = tokens.next();
  if (token.kind == Kind::comma) {
    token = tokens.next();
  }
  if (token.kind != Kind::key) {
    return std::nullopt;
  }
  const std::string_view key = token.text;
  tokens.next();  // the colon
  const JsonToken first = tokens.next();
  return Member{key, value_text(tokens, first)};
}

}  // namespace

std::optional<EnvelopeView> view_envelope(std::string_view json) {
  payload::JsonTokens tokens{json};
  if (tokens.next().kind != Kind::begin_object) {
    return std::nullopt;
  }
  const auto message = next_member(tokens);
  if (!message || message->first != "\"msg\"") {
    return std::nullopt;
  }
  const auto time = next_member(tokens);
  if (!time || time->first != "\"data\"" || !is_string(time->second)) {
    return std::nullopt;
  }
  EnvelopeView view{message->second, time->second, {}};
  while (const auto field = next_member(tokens)) {
    view.fields.push_back(*field);
  }
  return view;
}

}  // namespace mqtt_tools::output
