// SPDX-License-Identifier: MIT

// A payload that may be JSON. nlohmann's reader must agree on what is; what is shown of it, in
// whatever form, must be JSON of the same value; and the binary encodings must give it back.

#include "payload/json.hpp"

#include "bytes.hpp"
#include "error.hpp"
#include "fuzz.hpp"
#include "output/style.hpp"
#include "payload/binary.hpp"
#include "payload/expectation.hpp"
#include "payload/json_pointer.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <nlohmann/json.hpp>

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using fuzz::must;

namespace {

/// nlohmann's reader ends at a NUL, skips a byte order mark, and refuses half a surrogate pair and
/// numbers beyond a double, which RFC 8259 lets pass.
bool comparable(std::string_view text) {
  return text.find_first_of(std::string_view{"\0\xef", 2}) == std::string_view::npos &&
         text.find("\\ud") == std::string_view::npos &&
         text.find("\\uD") == std::string_view::npos &&
         text.find_first_of("eE") == std::string_view::npos && text.size() < 300;
}

void check_tokens(std::string_view json) {
  std::string joined;
  std::string last_number;
  JsonTokens tokens{json};
  for (auto token = tokens.next(); token.kind != JsonToken::Kind::end; token = tokens.next()) {
    joined += token.text;
    if (token.kind == JsonToken::Kind::number) {
      const auto canonical = canonical_number(token.text);
      must(compare_numbers(token.text, token.text) == 0);
      if (!last_number.empty()) {
        const int order = compare_numbers(last_number, token.text);
        must(order == -compare_numbers(token.text, last_number));
        must((order == 0) == (canonical == canonical_number(last_number)));
      }
      last_number = token.text;
    } else if (token.kind == JsonToken::Kind::string || token.kind == JsonToken::Kind::key) {
      std::string again;
      append_requoted(again, token.text);
      must(exact_text(again) == exact_text(token.text));
      must(!first_invalid_utf8(unquoted(token.text)));
    }
  }
  std::string compact;
  append_compact(compact, json);
  must(compact == joined && is_json(compact));
}

void check_shown(std::string_view json, const Expectation& value) {
  for (const bool block : {false, true}) {
    std::string shown;
    if (block) {
      output::append_json(shown, json, output::Styler{false}, "  ");
    } else {
      output::append_json(shown, json, output::Styler{false});
    }
    must(fuzz::harmless(shown) && !first_invalid_utf8(shown));
    must(is_json(shown) && value.equals(shown));
  }
}

template <typename Write, typename Read>
void check_encoding(std::string_view json, const Write& write, const Read& read) {
  std::string bytes;
  try {
    bytes = write(json);
  } catch (const UsageError&) {
    return;  // It has a number or text that the encoding cannot hold.
  }
  const auto back = read(bytes);
  must(back && is_json(*back));
  // A double is not always the decimal that was written, but it is the same ever after.
  must(write(*back) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const bool valid = is_json(text);
  must(valid == !first_invalid_json(text) && valid == json_complaint(text).empty());
  must(fuzz::harmless(json_complaint(text)));
  if (comparable(text)) must(nlohmann::json::accept(text) == valid || !is_json(text, 300) != valid);
  must(valid || first_invalid_json(text).value() <= text.size());
  if (!valid) return 0;

  check_tokens(text);
  const Expectation value{text};
  must(value.equals(text));
  Message message;
  message.payload = text;
  const auto decoded = decode(message);
  must(decoded.kind() == Kind::json && value.met_by(decoded));
  must(JsonPointer{""}.find(decoded).has_value());
  check_shown(text, value);
  check_encoding(text, json_to_cbor, cbor_to_json);
  check_encoding(text, json_to_msgpack, msgpack_to_json);
  return 0;
}
