// SPDX-License-Identifier: MIT
#pragma once

#include "payload/json_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace mqtt_tools::payload {

/// JSON text that grows as a binary encoding is read. Functions that are handed over write to
/// text() and say whether what they read was well-formed; so do the ones here.
class JsonWriter {
 public:
  std::string& text() { return text_; }

  /// Writes one `value()` after another while `goes_on(index)` holds, no deeper than may be read.
  template <typename GoesOn, typename Value>
  bool array(const GoesOn& goes_on, const Value& value) {
    return list('[', ']', goes_on, value);
  }

  /// The same with a key before each value; keys that are no text become text.
  template <typename GoesOn, typename Value>
  bool object(const GoesOn& goes_on, const Value& value) {
    return list('{', '}', goes_on, [&] {
      if (!key(value)) return false;
      text_ += ':';
      return value();
    });
  }

 private:
  template <typename GoesOn, typename Entry>
  bool list(char open, char close, const GoesOn& goes_on, const Entry& entry) {
    if (++depth_ > max_depth) return false;
    text_ += open;
    for (std::uint64_t i = 0; goes_on(i); ++i) {
      if (i > 0) text_ += ',';
      if (!entry()) return false;
    }
    text_ += close;
    --depth_;
    return true;
  }

  template <typename Value>
  bool key(const Value& value) {
    const std::size_t begin = text_.size();
    if (!value() || text_[begin] == '[' || text_[begin] == '{') return false;
    if (text_[begin] != '"') {
      text_.insert(begin, 1, '"');
      text_ += '"';
    }
    return true;
  }

  std::string text_{};
  std::size_t depth_ = 0;
};

}  // namespace mqtt_tools::payload
