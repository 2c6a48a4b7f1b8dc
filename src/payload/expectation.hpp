// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"
#include "payload/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mqtt_tools::payload {

/// A JSON value that a payload must contain: for an object all its members, recursively; anything
/// else must be equal: numbers as decimals of any length (25 and 25.0 are equal, 2^64 and 2^64+1
/// are not), strings by their characters. A payload of text is the JSON string of itself.
class Expectation {
 public:
  /// Throws UsageError when `json` is not JSON.
  explicit Expectation(std::string_view json);

  /// In time linear in the size of the payload, however deep it nests.
  bool met_by(const Decoded& decoded) const;

  /// Whether `json`, JSON text, is this value and has nothing else. As exact, as linear.
  bool equals(std::string_view json) const;

  const std::string& text() const { return text_; }

  /// A value taken apart once, so that each key of a payload finds its place at once.
  struct Value {
    JsonToken::Kind kind = JsonToken::Kind::word;
    std::string text{};            ///< Of a scalar, in a form that equal values share.
    std::vector<Value> entries{};  ///< Elements, or members in any order.
    std::unordered_map<std::string, std::size_t> members{};  ///< Key to place in `entries`.
  };

 private:
  std::string text_;
  Value value_{};
};

}  // namespace mqtt_tools::payload
