// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"
#include "payload/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::payload {

/// A JSON pointer (RFC 6901), as `--select` takes it.
class JsonPointer {
 public:
  /// Throws UsageError when `text` is not a pointer.
  explicit JsonPointer(std::string_view text);

  /// The value it points at: a string unquoted, anything else as its JSON text, numbers as written.
  /// Nothing when the payload is not JSON or has no such value. In time linear in its size, however
  /// deep it nests.
  std::optional<std::string> select(const Decoded& decoded) const;

  /// The same as JSON text, strings with their quotes; valid as long as `decoded` is. A payload of
  /// text has no members.
  std::optional<JsonToken> find(const Decoded& decoded) const;

  bool whole() const { return steps_.empty(); }  ///< It points at the whole payload.

 private:
  std::vector<std::string> steps_;
};

}  // namespace mqtt_tools::payload
