// SPDX-License-Identifier: MIT
#include "payload/json_text.hpp"

#include "payload/json_string.hpp"

namespace mqtt_tools::payload {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// What may stand behind a number or a word.
bool ends_scalar(char c) { return c == ',' || c == ']' || c == '}' || is_blank(c); }

thread_local std::uint64_t begun = 0;

}  // namespace

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

JsonToken JsonTokens::whole(const JsonToken& first) {
  if (first.kind != JsonToken::Kind::begin_object && first.kind != JsonToken::Kind::begin_array) {
    return first;
  }
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
