// SPDX-License-Identifier: MIT
#include "payload/json.hpp"

#include "payload/json_members.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace mqtt_tools::payload {

namespace {

template <class Integer>
bool read(std::string_view text, Integer& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc{} && result.ptr == end;
}

Json to_number(std::string_view text) {
  std::int64_t small = 0;
  if (read(text, small) && text != "-0") return small;
  std::uint64_t large = 0;
  if (read(text, large)) return large;
  // Unlike from_chars, strtod tells too large from too small. The programs never leave the C
  // locale.
  return std::strtod(std::string(text).c_str(), nullptr);
}

// Recursive: is_json() has bounded the nesting.
Json to_value(const JsonToken& token) {
  switch (token.kind) {
    case JsonToken::Kind::begin_object: {
      Json object = Json::object();
      auto& members = object.get_ref<Json::object_t&>();
      for_each_member(token.text, [&members](std::string_view key, const JsonToken& value) {
        // Not emplace(), which looks through all members for the key.
        members.emplace_back(unquoted(key), to_value(value));
      });
      return object;
    }
    case JsonToken::Kind::begin_array: {
      Json array = Json::array();
      for_each_element(token.text,
                       [&array](const JsonToken& value) { array.push_back(to_value(value)); });
      return array;
    }
    case JsonToken::Kind::string:
      return unquoted(token.text);
    case JsonToken::Kind::number:
      return to_number(token.text);
    default:
      return token.text == "null" ? Json{} : Json(token.text == "true");
  }
}

}  // namespace

Json to_tree(std::string_view json) { return to_value(JsonTokens{json}.next_value()); }

}  // namespace mqtt_tools::payload
