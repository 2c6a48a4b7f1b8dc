// SPDX-License-Identifier: MIT
#pragma once

#include "payload/json_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace mqtt_tools::payload {

/// The arrays and objects of JSON text that a reader of a binary format writes, nested at most
/// max_depth levels. `more(i)` says whether there is an element or member with number i, `value()`
/// reads a value and appends it to the text. All say whether that was possible; if not, the text is
/// of no use.
class JsonNesting {
 public:
  /// The text that is appended to; it must outlive this.
  explicit JsonNesting(std::string& out) : out_(out) {}

  template <typename More, typename Value>
  bool array(More more, Value value) {
    if (++depth_ > max_depth) return false;
    out_ += '[';
    for (std::uint64_t i = 0; more(i); ++i) {
      if (i > 0) out_ += ',';
      if (!value()) return false;
    }
    out_ += ']';
    --depth_;
    return true;
  }

  template <typename More, typename Value>
  bool object(More more, Value value) {
    if (++depth_ > max_depth) return false;
    out_ += '{';
    for (std::uint64_t i = 0; more(i); ++i) {
      if (i > 0) out_ += ',';
      if (!key(value)) return false;
      out_ += ':';
      if (!value()) return false;
    }
    out_ += '}';
    --depth_;
    return true;
  }

 private:
  /// JSON has only texts for keys: a number or word becomes one.
  template <typename Value>
  bool key(Value value) {
    const std::size_t begin = out_.size();
    if (!value() || out_[begin] == '[' || out_[begin] == '{') return false;
    if (out_[begin] != '"') {
      out_.insert(begin, 1, '"');
      out_ += '"';
    }
    return true;
  }

  std::string& out_;
  std::size_t depth_ = 0;
};

}  // namespace mqtt_tools::payload
