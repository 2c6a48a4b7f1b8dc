// SPDX-License-Identifier: MIT
#include "feed/line_feed.hpp"

#include "error.hpp"
#include "topic.hpp"

namespace mqtt_tools::feed {
namespace {

constexpr std::size_t max_topic = 65'535;

/// Only what differs is copied: the same message is filled for each line.
template <typename Value>
void assign(Value& to, const Value& from) {
  if (to != from) {
    to = from;
  }
}

}  // namespace

LineFeed::LineFeed(const SourceOptions& options)
    : form_(options.form),
      topic_from_line_(options.topic_from_line),
      lines_(options.file, max_payload + (topic_from_line_ ? max_topic + 1 : 0)) {}

Supply LineFeed::next(Clock::time_point, Message& message) {
  std::string_view line;
  const Supply supply = lines_.next(line);
  if (supply != Supply::message) {
    return supply;
  }
  if (topic_from_line_) {
    take_topic(line);
  }
  assign(message.topic, form_.topic);
  message.payload.assign(line);
  message.qos = form_.qos;
  message.retained = form_.retained;
  message.duplicate = false;
  message.id = 0;
  assign(message.properties, form_.properties);
  return Supply::message;
}

std::string LineFeed::where() const {
  return lines_.number() == 0 ? std::string{} : "line " + std::to_string(lines_.number());
}

void LineFeed::take_topic(std::string_view& line) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos) {
    throw UsageError{where() + ": no tab between topic and message"};
  }
  const std::string_view topic = line.substr(0, tab);
  line.remove_prefix(tab + 1);
  if (!topic.empty() && topic == form_.topic) {
    return;
  }
  try {
    check_topic(topic);
  } catch (const UsageError& error) {
    throw UsageError{where() + ": " + error.what()};
  }
  form_.topic = topic;
}

}  // namespace mqtt_tools::feed
