// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"
#include "payload/expectation.hpp"
#include "payload/json_pointer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace mqtt_tools::run {

/// What a message must be like (--match, --expect, --forbid): JSON that its payload contains, or
/// `POINTER OP VALUE`, as in `/n >= 3` or `/state =~ "^up"`, with the first operator that stands
/// between blanks. What the pointer names must be there and of the type of VALUE, or no operator is
/// true, `!=` neither. Numbers compare exactly, strings by their bytes; `=~` finds a regular
/// expression of RE2 in a string, in time linear in its size. A payload of text is the JSON string
/// of itself, with the empty pointer.
class Condition {
 public:
  /// Throws UsageError that says what cannot be understood.
  explicit Condition(std::string_view text);

  bool met_by(const payload::Decoded& decoded) const;

  const std::string& text() const { return text_; }

 private:
  bool holds(const payload::JsonToken& value) const;

  std::string text_;
  std::string operator_{};  ///< As written; empty for JSON that a payload must contain.
  std::optional<payload::JsonPointer> pointer_{};
  std::optional<payload::Expectation> value_{};
  payload::JsonToken::Kind kind_ = payload::JsonToken::Kind::word;  ///< Of the value.
  std::string scalar_{};  ///< A number as written, or the text of a string.
  std::shared_ptr<const re2::RE2> expression_{};
};

/// Reads what `option` (--match, --expect, --forbid) was given. Throws UsageError, which names it.
std::vector<Condition> read_conditions(std::string_view option,
                                       const std::vector<std::string>& texts);

}  // namespace mqtt_tools::run
