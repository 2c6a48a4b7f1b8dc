// SPDX-License-Identifier: MIT
#pragma once

#include "payload/json_text.hpp"

#include <string_view>

namespace mqtt_tools::payload {

/// Calls `visit(key, value)` for each member of `object`, valid JSON text: the key a token with its
/// quotes, the value as JsonTokens::next_value() gives it.
template <class Visit>
void for_each_member(std::string_view object, Visit visit) {
  JsonTokens tokens{object};
  tokens.next();
  for (JsonToken token = tokens.next();; token = tokens.next()) {
    if (token.kind == JsonToken::Kind::comma) continue;
    if (token.kind != JsonToken::Kind::key) return;
    tokens.next();  // The colon.
    visit(token.text, tokens.next_value());
  }
}

/// Calls `visit(value)` for each element of `array`, valid JSON text.
template <class Visit>
void for_each_element(std::string_view array, Visit visit) {
  JsonTokens tokens{array};
  tokens.next();
  for (JsonToken value = tokens.next_value();; value = tokens.next_value()) {
    if (value.kind == JsonToken::Kind::comma) continue;
    if (value.kind == JsonToken::Kind::end_array || value.kind == JsonToken::Kind::end) return;
    visit(value);
  }
}

}  // namespace mqtt_tools::payload
