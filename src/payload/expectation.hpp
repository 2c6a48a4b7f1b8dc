// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// A JSON value that a payload must contain: for an object all its members, recursively; anything
/// else must be equal (numbers by value).
class Expectation {
 public:
  /// Throws UsageError when `json` is not JSON.
  explicit Expectation(std::string_view json);
  Expectation(Expectation&&) noexcept;
  Expectation& operator=(Expectation&&) noexcept;
  ~Expectation();

  bool met_by(const Decoded& decoded) const;

  const std::string& text() const { return text_; }

 private:
  struct Value;
  std::string text_;
  std::unique_ptr<Value> value_;
};

}  // namespace mqtt_tools::payload
