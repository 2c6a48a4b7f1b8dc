// SPDX-License-Identifier: MIT
#include "output/header.hpp"

#include "output/notes.hpp"
#include "text.hpp"
#include "timestamp.hpp"

#include <algorithm>

namespace mqtt_tools::output {

Header::Header(int width) : widest_allowed_(static_cast<std::size_t>(std::max(width, 48)) / 3) {}

std::size_t Header::append(std::string& out, const payload::Decoded& decoded, const Brush& brush) {
  const Message& message = decoded.message();
  std::string time;
  append_time(time, local_time(message.time), "%H:%M:%S");
  brush.append(out, Ink::dim, time);

  out += "  ";
  brush.append(out, Ink::topic, message.topic);
  std::size_t topic = columns(escaped(message.topic));
  if (topic <= widest_allowed_) {
    topic_columns_ = std::max(topic_columns_, topic);
    out.append(topic_columns_ - topic, ' ');
    topic = topic_columns_;
  }
  out += "  ";
  const std::size_t sum = time.size() + 2 + topic + 2;

  const std::string notes = notes_on(decoded);
  if (notes.empty()) {
    return sum;
  }
  brush.append(out, Ink::notice, "[" + notes + "]");
  out += "  ";
  return sum + columns(escaped(notes)) + 4;
}

}  // namespace mqtt_tools::output
