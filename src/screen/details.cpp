// SPDX-License-Identifier: MIT
//
// What View shows of one topic: figures, a chart over time, properties and the last payload.

#include "bytes.hpp"
#include "output/pretty.hpp"
#include "output/style.hpp"
#include "screen/view.hpp"
#include "text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace mqtt_tools::screen {

namespace {

/// One line for each property that a message has (MQTT 5.0 §3.3.2.3).
std::vector<std::string> property_lines(const Properties& properties) {
  std::vector<std::string> lines;
  const auto add = [&lines](std::string_view name, const std::optional<std::string>& value) {
    if (value) lines.push_back(std::string(name) + ": " + *value);
  };
  add("content-type", properties.content_type);
  add("response-topic", properties.response_topic);
  if (const auto& bytes = properties.correlation_data) {
    add("correlation-data", first_invalid_utf8(*bytes) ? to_hex(*bytes) : *bytes);
  }
  if (properties.expiry) {
    lines.push_back("message-expiry-interval: " + counted(*properties.expiry, "second"));
  }
  for (const auto& [name, value] : properties.user) lines.push_back(name + " = " + value);
  return lines;
}

}  // namespace

void View::press_in_details(const Key& key) {
  if (const auto rows =
          rows_of(key)) {  // How far down there is something is seen when it is drawn.
    scroll_ = static_cast<std::size_t>(
        std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(scroll_) + *rows, 0));
  } else if (key.kind == Key::Kind::tab) {
    choice_ = (choice_ + 1) % table_.followed().size();
    table_.choose(choice_);
  } else {
    close_details();  // Enter, Esc, Backspace.
  }
}

void View::details(Frame& frame, std::size_t width, std::size_t rows, Clock::time_point now) {
  const TopicEntry& entry = table_[detailed_];
  const bool stale = entry.stale(now);
  const auto add = [&](std::string_view text, unsigned attributes = plain) {
    frame.push_back({fit(text, width), attributes});
  };
  add((stale ? "!" : " ") + entry.last.topic, bold | (stale ? dim : plain));
  std::string figures =
      " " + counted(entry.messages, "message") + ", " + short_number(entry.rate(now)) +
      "/s, last: " + short_age(now - entry.latest) + ", QoS " +
      std::to_string(static_cast<int>(entry.last.qos)) + (entry.last.retained ? ", retained" : "") +
      ", " + counted(entry.size, "byte");
  if (!entry.whole())
    figures += " of which " + std::to_string(entry.last.payload.size()) + " are kept";
  add(figures);

  const std::size_t height = rows >= 16 ? std::min<std::size_t>(rows / 3, 12) : rows >= 9 ? 3 : 1;
  chart(frame, width, height, now);

  auto lines = property_lines(entry.last.properties);
  const auto& payload = payload_lines(entry, width - std::min<std::size_t>(width, 1));
  const std::size_t properties = lines.size();
  const std::size_t used = 2 + height + 1;
  const std::size_t room = rows > used ? rows - used : 0;
  page_rows_ = room;
  const std::size_t total = properties + payload.size();
  scroll_ = std::min(scroll_, total > room ? total - room : 0);
  for (std::size_t i = scroll_; i < total && i < scroll_ + room; ++i) {
    const bool property = i < properties;
    add(" " + (property ? lines[i] : payload[i - properties]), property ? dim : plain);
  }
}

/// A line that says what is shown, and `rows` lines of blocks.
void View::chart(Frame& frame, std::size_t width, std::size_t rows, Clock::time_point now) const {
  const auto& numbers = table_.followed();
  const auto& [place, series] = numbers.at(std::min(choice_, numbers.size() - 1));
  const bool rate = choice_ + 1 >= numbers.size();
  const auto to = table_.second(now);
  const auto from = series.empty() ? to : series.first_second();
  const auto values = series.between(from, to, width > 2 ? width - 2 : 0);
  double least = HUGE_VAL;
  double greatest = -HUGE_VAL;
  double last = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    last = value;
  }
  std::string title = " " + (rate ? "messages a second" : place.empty() ? "the value" : place);
  if (least <= greatest) {
    title += "  " + short_number(last) + "  min " + short_number(least) + "  max " +
             short_number(greatest) + "  over " + short_age(std::chrono::seconds{to - from});
  } else {
    title += "  nothing yet";
  }
  if (numbers.size() > 1) {
    title += "  (" + std::to_string(choice_ + 1) + " of " + std::to_string(numbers.size()) + ")";
  }
  frame.push_back({fit(title, width), underline});
  for (auto& line : bars(values, rows)) {
    frame.push_back({fit(" " + line, width)});
  }
}

/// The last payload for people: JSON indented, text as it is, bytes as a hexdump.
const std::vector<std::string>& View::payload_lines(const TopicEntry& entry, std::size_t width) {
  if (payload_of_ == entry.messages && payload_width_ == width) return payload_lines_;
  payload_of_ = entry.messages;
  payload_width_ = width;
  const auto decoded = table_.decode(entry);
  std::string text;
  if (decoded.kind() == payload::Kind::empty) {
    text = "(empty)";
  } else if (const auto json = decoded.json()) {
    output::append_json(text, *json, output::Styler{false}, "");
  } else if (const auto shown = decoded.shown();
             decoded.kind() == payload::Kind::binary && shown == entry.last.payload) {
    output::append_hexdump(text, shown, "", width);
  } else {
    append_escaped(text, shown, Lines::keep);
  }
  for (auto tab = text.find('\t'); tab != std::string::npos; tab = text.find('\t', tab)) {
    text.replace(tab, 1, "    ");
  }
  const auto lines = split(text, "\n");
  payload_lines_.assign(lines.begin(), lines.end());
  return payload_lines_;
}

}  // namespace mqtt_tools::screen
