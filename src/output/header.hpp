// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "output/colour.hpp"
#include "payload/decode.hpp"

#include <cstddef>
#include <string>

namespace mqtt_tools::output {

/// What `pretty` says about a message before its payload: time, topic, and in brackets what is
/// unusual. Topics take as many columns as the widest so far, so that payloads stand in line.
class Header {
 public:
  /// `width` is that of the terminal; a topic wider than a third of it moves nobody else.
  explicit Header(int width);

  /// Appends the header and two blanks; how many columns they take.
  std::size_t append(std::string& out, const payload::Decoded& decoded, const Brush& brush);

 private:
  std::size_t widest_allowed_;
  std::size_t topic_columns_ = 0;
};

}  // namespace mqtt_tools::output
